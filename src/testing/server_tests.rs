use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const GET: &str = "GET /v1/users?page=2 HTTP/1.1\r\nHost: fake.test\r\n\r\n";
const MS: Duration = Duration::from_millis(1);

/// How many requests the service has processed.
type Seen = Arc<AtomicUsize>;

/// A service that responds to everything alike, behind a server with these faults.
async fn fake(faults: impl IntoIterator<Item = Fault>) -> (Seen, Fake) {
    let seen = Seen::default();
    let count = Arc::clone(&seen);
    let handler = move |request: &Request| {
        count.fetch_add(1, Ordering::SeqCst);
        let status = if request.method == "DELETE" { 204 } else { 200 };
        Response { body: "0123456789".into(), ..Response::new(status).header("X-A", "1") }
    };
    let server = Fake::serve(Box::new(handler)).await.unwrap();
    faults.into_iter().for_each(|fault| server.next(1, fault));
    (seen, server)
}

fn count(seen: &Seen) -> usize {
    seen.load(Ordering::SeqCst)
}

async fn connect(server: &Fake) -> Connection {
    Connection::new(TcpStream::connect(server.address).await.unwrap())
}

impl Connection {
    async fn send(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads the next response: its head in one line, and its body.
    async fn response(&mut self, method: &str) -> String {
        let (start, headers) = self.head().await.unwrap();
        let mut line = start.strip_prefix("HTTP/1.1 ").unwrap().to_owned();
        for (name, value) in &headers {
            line += &format!(" {}={}", name.to_lowercase(), String::from_utf8_lossy(value));
        }
        let bodiless = bodiless(method, line[..3].parse().unwrap());
        let body = if bodiless { Bytes::new() } else { self.body(&headers).await.unwrap() };
        line + " " + str::from_utf8(&body).unwrap()
    }

    async fn get(&mut self) -> String {
        self.send(GET).await;
        self.response("GET").await
    }

    /// All that still comes, and how it ends.
    async fn rest(&mut self) -> (String, ErrorKind) {
        loop {
            if let Err(error) = self.more().await {
                let text = String::from_utf8_lossy(&self.buffer).into_owned();
                return (text, error.kind());
            }
        }
    }

    async fn ends_with(&mut self, end: ErrorKind) {
        assert_eq!(self.rest().await, (String::new(), end));
    }

    async fn is_silent(&mut self) -> bool {
        timeout(30 * MS, self.more()).await.is_err()
    }
}

/// Waits until no connection task is left.
async fn at_rest(server: &Fake) {
    let rest = async {
        while Arc::strong_count(&server.shared) > 2 {
            sleep(MS).await;
        }
    };
    timeout(60_000 * MS, rest).await.unwrap();
}

#[tokio::test]
async fn requests_are_read_in_any_framing() {
    let handler = |request: &Request| {
        let whole = format!("{} {:?} {:?}", request.method, request.segments(), request.query("q"));
        let body = [whole.as_bytes(), b" ", &request.body].concat().into();
        Response { body, ..Response::new(if request.method == "DELETE" { 204 } else { 201 }) }
    };
    let server = Fake::serve(Box::new(handler)).await.unwrap();
    let mut client = connect(&server).await;

    let post = "POST /v1/a%2Fb?q=a%20b HTTP/1.1\r\nhost: fake.test:81\r\nX-Two: 1\r\n\
                authorization: Bearer hush\r\nx-two: 2\r\n";
    let created = "201 Created content-length=41 POST [\"v1\", \"a/b\"] Some(\"a b\") 0123456789";
    client.send(&format!("{post}Content-Length: 10\r\n\r\n0123456789")).await;
    assert_eq!(client.response("POST").await, created);
    // In pieces that are not those of the chunks.
    let chunked = "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\n01";
    let end = "\n06 \r\n456789\r\n0\r\nx-trailer: 1\r\n\r\n";
    for piece in [post, chunked, "23\r", end] {
        client.send(piece).await;
        sleep(2 * MS).await;
    }
    assert_eq!(client.response("POST").await, created);
    client.send("DELETE /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.response("DELETE").await, "204 No Content ");
    let head = "201 Created content-length=16 ";
    assert_eq!(client.response("HEAD").await, head);
    client.send("HEAD /3 HTTP/1.1\r\nConnection: x, Close\r\n\r\n").await;
    assert_eq!(client.response("HEAD").await, format!("{head}connection=close "));
    client.ends_with(ErrorKind::UnexpectedEof).await;

    let received = server.received();
    assert_eq!((server.received_count(), received.len()), (5, 5));
    let names: Vec<_> = received[1].headers().iter().map(|it| it.0.as_str()).collect();
    let sent = "host x-two authorization x-two transfer-encoding";
    assert_eq!(names.join(" "), sent);
    assert_eq!(received[1].path(), "/v1/a%2Fb");
    assert_eq!(received[1].body(), b"0123456789");
    assert_eq!(received[1].header("Authorization"), Some("Bearer ***"));
    assert_eq!((received[4].method(), received[4].target()), ("HEAD", "/3"));
    at_rest(&server).await;
}

#[tokio::test]
async fn fault_response_is_as_described() {
    let odd = Fault::status(429).body("no").header("x-e\r\nvil", "a\r\n\r\nb");
    let odd = odd.header("Content-Length", "7").content_type("a/b").content_type("c/d");
    let late = Fault::status(201).body("{{").after_processing().delayed(20 * MS);
    let delay = Fault::delay(30 * MS).delayed(10 * MS).header("x-a", "2");
    let html = "502 Bad Gateway content-length=101 content-type=text/html <html>\r\n<head>";
    let odd_line =
        "429 Too Many Requests content-length=2 x-evil=ab content-type=c/d retry-after=2 no";
    let (seen, server) = fake([]).await;
    let mut client = connect(&server).await;
    for (fault, expected, processed, wait) in [
        (odd.retry_after(1200 * MS), odd_line, 0, 0),
        (Fault::html(502), html, 0, 0),
        (Fault::status(204).body("x"), "204 No Content ", 0, 0),
        (late, "201 Created content-length=2 {{", 1, 20),
        (delay, "200 OK content-length=10 x-a=2 0123456789", 2, 40),
        (Fault::drip(MS), "200 OK x-a=1 content-length=10 0123456789", 3, 60),
        (
            Fault::status(599).header("connection", "close"),
            "599 Unknown content-length=0 connection=close ",
            3,
            0,
        ),
    ] {
        server.next(1, fault);
        let start = Instant::now();
        let response = client.get().await;
        assert!(response.starts_with(expected), "{response}");
        assert!(start.elapsed() >= wait * MS, "{response}");
        assert_eq!((count(&seen), server.faults_left()), (processed, 0), "{response}");
    }
    client.ends_with(ErrorKind::UnexpectedEof).await;
}

#[tokio::test]
async fn fault_ends_when_the_client_closes() {
    let ever = 60_000 * MS;
    let head = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\
                content-type: application/json\r\n\r\n";
    let start = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\
                 \r\na\r\n{\"items\":[\r\n";
    for (fault, method, processed, came) in [
        (Fault::delay(ever), "GET", 1, ""),
        (Fault::hang(), "GET", 0, ""),
        (Fault::hang().after_processing(), "GET", 1, ""),
        (Fault::drip(ever), "GET", 1, "H"),
        (Fault::endless(500), "HEAD", 0, head),
        (Fault::endless(200), "GET", 0, start),
    ] {
        let case = format!("{method}: {fault:?}");
        let (seen, server) = fake([fault]).await;
        let mut client = connect(&server).await;
        client.send(&format!("{method} / HTTP/1.1\r\n\r\n")).await;
        assert_eq!(client.take(came.len()).await.unwrap(), came, "{case}");
        let is_processed = async {
            while server.received_count() < 1 || count(&seen) < processed {
                sleep(MS).await;
            }
        };
        timeout(60_000 * MS, is_processed).await.expect(&case);
        match came == start {
            true => drop(client.take(1 << 20).await.unwrap()),
            false => assert!(client.is_silent().await, "{case}"),
        }
        drop(client);
        at_rest(&server).await;
        assert_eq!(count(&seen), processed, "{case}");
        assert!(connect(&server).await.get().await.starts_with("200 "), "{case}");
    }
}

/// What comes of one response, how the connection ends, and how many requests were processed.
#[tokio::test]
async fn connection_ends_as_the_fault_says() {
    let whole = "HTTP/1.1 200 OK\r\nX-A: 1\r\ncontent-length: 10\r\n\r\n0123456789";
    let half = &whole[..whole.len() - 5];
    let half_a_head = &whole[..(whole.len() - 10) / 2];
    let late = Fault::reset().after_processing().delayed(5 * MS);
    let (reset, closed) = (ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof);
    for (fault, method, text, end, processed) in [
        (Fault::reset(), "GET", "", reset, 0),
        (late, "GET", "", reset, 1),
        (Fault::reset_in_response(), "GET", half, reset, 1),
        (Fault::truncated(), "GET", half, closed, 1),
        (Fault::truncated(), "HEAD", half_a_head, closed, 1),
        (Fault::closed_idle(), "GET", whole, closed, 1),
        (Fault::stale(), "GET", whole, reset, 1),
    ] {
        let case = format!("{method}: {fault:?}");
        let (seen, server) = fake([fault]).await;
        let mut client = connect(&server).await;
        client.send(&format!("{method} / HTTP/1.1\r\n\r\n")).await;
        if (text, end) == (whole, reset) {
            // By the next request.
            while client.buffer.len() < whole.len() {
                client.more().await.unwrap();
            }
            assert!(client.is_silent().await);
            client.send(GET).await;
        }
        assert_eq!(client.rest().await, (text.to_owned(), end), "{case}");
        assert_eq!((count(&seen), server.received_count()), (processed, 1), "{case}");
    }
}

#[tokio::test]
async fn first_fault_that_applies_is_consumed() {
    let (_, server) = fake([]).await;
    server.next_on("/v2/", 1, Fault::status(500));
    server.next_on("/v1/", 2, Fault::status(501));
    server.next(1, Fault::status(502));
    server.next(0, Fault::status(503));
    assert_eq!(server.faults_left(), 4);
    let mut client = connect(&server).await;
    for code in ["501", "501", "502", "200"] {
        assert!(client.get().await.starts_with(code));
    }
    assert_eq!(server.faults_left(), 1);
    server.clear_faults();
    assert_eq!(server.faults_left(), 0);

    // Far more requests than are remembered.
    server.next(usize::MAX, Fault::status(504));
    server.next(1, Fault::status(504));
    assert_eq!(server.faults_left(), usize::MAX);
    for at in 4..REMEMBERED + 8 {
        client.send(&format!("GET /{at} HTTP/1.1\r\n\r\n")).await;
        client.response("GET").await;
    }
    let received = server.received();
    assert_eq!((server.received_count(), received.len()), (1032, 1024));
    assert_eq!((received[0].path(), received[1023].path()), ("/8", "/1031"));
}

#[tokio::test]
async fn malformed_request_is_refused() {
    let (seen, server) = fake([]).await;
    let cases = [
        ("400", "hello\r\n\r\n"),
        ("400", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\nno colon\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\nspace : 1\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\ncontent-length: \r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n"),
        ("400", "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nx\r\n"),
        ("400", "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc"),
        ("413", "GET / HTTP/1.1\r\ncontent-length: 16777217\r\n\r\n"),
        ("413", "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n"),
    ];
    for (code, request) in cases {
        let mut client = connect(&server).await;
        client.send(request).await;
        assert!(client.response("GET").await.starts_with(code), "{request}");
        client.ends_with(ErrorKind::UnexpectedEof).await;
    }
    let mut client = connect(&server).await;
    client.send(&"x".repeat(HEAD_LIMIT + 1)).await;
    assert_eq!(client.rest().await.0, "");
    assert_eq!((server.received_count(), count(&seen)), (0, 0));
}

#[tokio::test]
async fn many_connections_at_once() {
    let (seen, server) = fake([]).await;
    server.next(32, Fault::delay(20 * MS));
    server.next(16, Fault::status(503));
    let mut clients = JoinSet::new();
    for _ in 0..64 {
        let mut client = connect(&server).await;
        clients.spawn(async move { [client.get().await, client.get().await] });
    }
    let responses = clients.join_all().await.concat();
    assert_eq!(responses.iter().filter(|one| one.starts_with("503")).count(), 16);
    assert_eq!((server.received_count(), server.faults_left(), count(&seen)), (128, 0, 112));
    at_rest(&server).await;
}

#[tokio::test]
async fn drop_closes_port_and_connections() {
    let (seen, server) = fake([Fault::hang()]).await;
    let (address, state) = (server.address, Arc::downgrade(&server.shared));
    let mut clients = [connect(&server).await, connect(&server).await];
    clients[0].send(GET).await;
    assert!(clients[0].is_silent().await);
    drop(server);
    // At once, before the runtime had a chance to do anything.
    let refused = std::net::TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    for client in &mut clients {
        assert_eq!(client.rest().await.0, "");
    }
    assert_eq!((state.strong_count(), count(&seen)), (0, 0));
}
