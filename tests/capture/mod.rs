//! A listener that writes down requests as they came and answers from a list.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Capture {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<Vec<(u16, String)>>,
    headers: Mutex<String>,
    requests: Mutex<Vec<String>>,
}

impl Capture {
    /// Answers with these in turn.
    pub(crate) async fn start<const N: usize>(answers: [(u16, &str); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let answers = answers.iter().rev().map(|(status, body)| (*status, (*body).to_owned()));
        shared.answers.lock().expect("no panic").extend(answers);
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&accepting)));
            }
        });
        Self { address, shared }
    }

    /// Adds these header lines to every answer.
    #[allow(dead_code, reason = "only Twilio documents headers")]
    pub(crate) fn with_headers(self, lines: &str) -> Self {
        lines.clone_into(&mut self.shared.headers.lock().expect("no panic"));
        self
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests in the form of the fixtures.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("no panic").clone()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    loop {
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            }
        };
        let head = String::from_utf8(buffer[..end].to_vec()).expect("heads are text");
        let mut lines = head.split("\r\n");
        let start = lines.next().expect("a request line").to_owned();
        let mut headers: Vec<_> = lines.map(lower).collect();
        let length = headers.iter().find_map(|line| line.strip_prefix("content-length: "));
        let whole = end + 4 + length.map_or(0, |length| length.parse().expect("a number"));
        while buffer.len() < whole {
            stream.read_buf(&mut buffer).await.expect("the request goes on");
        }
        headers.retain(|line| !line.starts_with("host:") && !line.starts_with("user-agent:"));
        headers.sort_by(|one, other| one.split(':').next().cmp(&other.split(':').next()));
        let body = String::from_utf8_lossy(&buffer[end + 4..whole]).into_owned();
        buffer.drain(..whole);
        let request = format!("{start}\n{}\n\n{body}\n", headers.join("\n"));
        shared.requests.lock().expect("no panic").push(request);
        let (status, body) = shared.answers.lock().expect("no panic").pop().expect("an answer");
        let headers = shared.headers.lock().expect("no panic").clone();
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.expect("the client is there");
    }
}

fn lower(line: &str) -> String {
    let (name, value) = line.split_once(':').expect("a header");
    format!("{}:{value}", name.to_lowercase())
}
