//! "Leave this page", for who must not be seen on it: by a button that is always in reach, or by
//! Shift pressed three times.

use web_sys::{HtmlElement, window};

/// Where it leads unless the host says otherwise: a page that everybody reads.
const AWAY: &str = "https://www.wikipedia.org/";
/// Within how many milliseconds the presses must come.
const WITHIN_MS: f64 = 5_000.0;

/// Something was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Shift goes down.
    Down,
    /// Shift comes up.
    Up,
    /// Anything else.
    Other,
}

/// Counts how often Shift was pressed by itself. With a letter, or while something is ticked, it is
/// no press: ranges are selected and capitals typed without leaving.
#[derive(Debug, Default)]
pub struct Thrice {
    down: bool,
    count: u32,
    since: f64,
}

impl Thrice {
    /// How many presses there were with this one; 0 where it ended none.
    pub fn press(&mut self, press: Press, at_ms: f64) -> u32 {
        match press {
            Press::Down => self.down = true,
            Press::Other => *self = Self::default(),
            Press::Up if self.down => {
                self.down = false;
                if self.count == 0 || at_ms - self.since > WITHIN_MS {
                    (self.count, self.since) = (0, at_ms);
                }
                self.count += 1;
                return self.count;
            }
            Press::Up => {}
        }
        0
    }
}

/// Goes to another site. This page's entry in the history becomes that site's; what else the browser
/// remembers is out of reach.
pub fn go(host: &HtmlElement) {
    let wanted = host.get_attribute("leave").filter(|url| is_web(url));
    if let Some(window) = window() {
        // Refused only for what is no address at all; then the page is empty all the same.
        let _ = window.location().replace(wanted.as_deref().unwrap_or(AWAY));
    }
}

/// Whether it leads to a site, and not to a script.
fn is_web(url: &str) -> bool {
    let begins = |with: &str| url.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins("https://") || begins("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presses(presses: &[(Press, f64)]) -> Vec<u32> {
        let mut thrice = Thrice::default();
        presses.iter().map(|(press, at)| thrice.press(*press, *at)).filter(|count| *count > 0).collect()
    }

    #[test]
    fn shift_counts_by_itself_and_in_a_row() {
        use Press::{Down, Other, Up};
        let shift = |at: f64| [(Down, at), (Up, at + 50.0)];
        let row: Vec<_> = [0.0, 300.0, 600.0].into_iter().flat_map(shift).collect();
        assert_eq!(presses(&row), [1, 2, 3]);
        let slow: Vec<_> = [0.0, 3_000.0, 6_000.0].into_iter().flat_map(shift).collect();
        assert_eq!(presses(&slow), [1, 2, 1]);
        let capital = [(Down, 0.0), (Other, 1.0), (Up, 2.0)];
        assert!(presses(&[capital, capital, capital].concat()).is_empty());
        let held = [(Down, 0.0), (Down, 1.0), (Down, 2.0), (Up, 3.0)];
        assert_eq!(presses(&held), [1]);
    }

    #[test]
    fn only_a_site_can_be_gone_to() {
        for url in ["https://example.org/", "HTTP://example.org", "http://127.0.0.1:1/x"] {
            assert!(is_web(url), "{url}");
        }
        for url in
            ["", "javascript:alert(1)", "java\tscript:x", " https://x", "//example.org", "data:,x", "é"]
        {
            assert!(!is_web(url), "{url}");
        }
    }
}
