//! A browser without scripts: it follows links, fills forms in, and looks at every page as an
//! assistive program would.

use std::collections::HashSet;

use reqwest::Method;
use scraper::{ElementRef, Html, Selector};

use crate::common::{Answer, Service};

const POLICY: &str = "default-src 'none'; style-src 'self'; media-src 'self'; \
    form-action 'self' https://www.wikipedia.org; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub struct Browser<'a> {
    pub service: &'a Service,
    pub cookie: String,
}

/// A page as it was sent.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub html: String,
    pub answer: Answer,
}

pub fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

pub fn words(element: &ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<'a> Browser<'a> {
    /// Signs in by the form that a host's page has.
    pub async fn sign_in(service: &'a Service, secret: &str) -> Self {
        let form = [("client_secret", secret)];
        let post =
            service.ask(Method::POST, "/plain/session").form(&form).header("origin", crate::common::ORIGIN);
        let answer = Answer::to(post).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/plain"), "{}", answer.text());
        let cookie = answer.header("set-cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/plain", "Secure"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        Self { service, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    pub async fn get(&self, path: &str) -> Page {
        let get = self.service.ask(Method::GET, path).header("cookie", &self.cookie);
        Page::read(Answer::to(get).await, path)
    }

    /// What is no page.
    pub async fn file(&self, path: &str) -> Answer {
        Answer::to(self.service.ask(Method::GET, path).header("cookie", &self.cookie)).await
    }

    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        Answer::to(self.service.ask(Method::POST, path).header("cookie", &self.cookie).form(fields)).await
    }

    /// Posts and goes where the answer says.
    pub async fn follow(&self, path: &str, fields: &[(String, String)]) -> Page {
        let answer = self.post(path, fields).await;
        if answer.status == 303 {
            return self.get(answer.header("location")).await;
        }
        Page::read(answer, path)
    }
}

impl Page {
    fn read(answer: Answer, path: &str) -> Self {
        let page = Self { status: answer.status, html: answer.text(), answer };
        page.look(path);
        page
    }

    pub fn parsed(&self) -> Html {
        Html::parse_document(&self.html)
    }

    pub fn title(&self) -> String {
        words(&select(&self.parsed(), "h1")[0])
    }

    pub fn words(&self) -> String {
        words(&select(&self.parsed(), "main")[0])
    }

    /// The fields of the form that is sent to `action`, as they stand.
    pub fn form(&self, action: &str) -> Vec<(String, String)> {
        let html = self.parsed();
        let form =
            select(&html, "form[method=post]").into_iter().find(|form| form.attr("action") == Some(action));
        let form = form.unwrap_or_else(|| panic!("no form to {action}: {}", self.html));
        let inputs = Selector::parse("input").unwrap();
        form.select(&inputs)
            .filter(|input| input.attr("type") != Some("radio") || input.attr("checked").is_some())
            .map(|input| {
                (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap_or_default().to_owned())
            })
            .collect()
    }

    /// Where the first form of the page's own that changes something is sent.
    pub fn form_action(&self) -> String {
        select(&self.parsed(), "main form[method=post]")[0].attr("action").unwrap().to_owned()
    }

    /// Where the link with these words leads.
    pub fn link(&self, text: &str) -> String {
        let html = self.parsed();
        let found = select(&html, "a").into_iter().find(|a| words(a) == text);
        found.unwrap_or_else(|| panic!("no link {text}: {}", self.words())).attr("href").unwrap().to_owned()
    }

    /// What holds for every page.
    fn look(&self, path: &str) {
        let at = format!("{path}: {}", self.html);
        assert_eq!(self.answer.header("content-security-policy"), POLICY, "{at}");
        assert_eq!(self.answer.header("x-content-type-options"), "nosniff");
        assert_eq!(self.answer.header("cache-control"), "no-store");
        assert_eq!(self.answer.header("content-type"), "text/html; charset=utf-8");
        let html = self.parsed();
        assert!(html.errors.is_empty(), "{:?} {at}", html.errors);
        let root = select(&html, "html")[0];
        assert!(
            !root.attr("lang").unwrap().is_empty() && ["ltr", "rtl"].contains(&root.attr("dir").unwrap())
        );
        assert_eq!((select(&html, "h1").len(), select(&html, "main").len()), (1, 1), "{at}");
        assert!(!words(&select(&html, "title")[0]).is_empty(), "{at}");
        for forbidden in [
            "script",
            "style",
            "[style]",
            "iframe",
            "[onclick]",
            "[onload]",
            "[onerror]",
            "a[href^='javascript']",
        ] {
            assert!(select(&html, forbidden).is_empty(), "{forbidden} in {at}");
        }
        let mut level = 1;
        for heading in select(&html, "h1, h2, h3, h4") {
            let its: u8 = heading.value().name()[1..].parse().unwrap();
            assert!(its <= level + 1 && !words(&heading).is_empty(), "{at}");
            level = its;
        }
        let mut ids = HashSet::new();
        for element in select(&html, "[id]") {
            assert!(ids.insert(element.attr("id").unwrap().to_owned()), "{at}");
        }
        for element in select(&html, "[aria-describedby]") {
            assert!(ids.contains(element.attr("aria-describedby").unwrap()), "{at}");
        }
        for field in select(&html, "input:not([type=hidden]), select") {
            let labelled = field.attr("aria-label").is_some_and(|label| !label.is_empty())
                || field
                    .ancestors()
                    .filter_map(ElementRef::wrap)
                    .any(|a| a.value().name() == "label" && !words(&a).is_empty());
            assert!(labelled, "{} in {at}", field.html());
        }
        for form in select(&html, "form[method=post]") {
            let tokens = Selector::parse("input[type=hidden][name=token]").unwrap();
            assert_eq!(form.select(&tokens).count(), 1, "{at}");
        }
        for named in select(&html, "button, a, legend, summary") {
            assert!(!words(&named).is_empty(), "{} in {at}", named.html());
        }
        for played in select(&html, "audio, video") {
            assert!(played.attr("aria-label").is_some() && played.attr("autoplay").is_none(), "{at}");
        }
        for text in [&self.html, self.answer.header("location")] {
            assert!(!text.contains("fmn_"), "a secret in {at}");
        }
        assert!(!self.words().contains("plain-"), "a text is missing: {at}");
    }
}
