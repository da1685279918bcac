//! A line between the browser and the service that can be cut, jammed or made to fail, as real lines
//! and services are: what the page says then is said about a real failure.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything passes.
    Fair,
    /// Every connection breaks.
    Cut,
    /// Nothing is ever answered.
    Jammed,
    /// Whatever is asked is answered with this status.
    Answers(&'static str),
}

/// The line. It ends with the test.
pub struct Line {
    /// Where a browser reaches the service through it.
    pub origin: String,
    weather: watch::Sender<Weather>,
}

impl Line {
    /// A fair line to `service`, a `http://127.0.0.1:port`.
    pub async fn to(service: &str) -> Self {
        let service: SocketAddr = service.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (weather, sky) = watch::channel(Weather::Fair);
        tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(carry(browser, service, sky.clone()));
            }
        });
        Self { origin, weather }
    }

    /// Changes the weather; what was under way is broken off.
    pub fn is(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn carry(mut browser: TcpStream, service: SocketAddr, mut sky: watch::Receiver<Weather>) {
    let now = *sky.borrow_and_update();
    // The weather changes: whatever this connection does is over.
    tokio::select! {
        _ = sky.changed() => {}
        () = async {
            match now {
                Weather::Fair => {
                    if let Ok(mut service) = TcpStream::connect(service).await {
                        let _ = tokio::io::copy_bidirectional(&mut browser, &mut service).await;
                    }
                }
                Weather::Cut => {}
                Weather::Jammed => std::future::pending().await,
                Weather::Answers(status) => {
                    let mut request = [0; 16 * 1024];
                    if browser.read(&mut request).await.is_ok() {
                        let answer = format!(
                            "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                        );
                        let _ = browser.write_all(answer.as_bytes()).await;
                    }
                }
            }
        } => {}
    }
}
