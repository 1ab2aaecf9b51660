use super::*;
use std::time::Instant;
use wiremock::matchers::{any, body_string, header as has, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const GET: &str = "GET /v1/users?page=2 HTTP/1.1\r\nHost: fake.test\r\n\r\n";
const MS: Duration = Duration::from_millis(1);

/// A service that answers everything alike, behind a front with these faults.
async fn fake(faults: impl IntoIterator<Item = Fault>) -> (MockServer, Front) {
    let service = MockServer::start().await;
    let answer = ResponseTemplate::new(200).insert_header("X-A", "1");
    let mock = Mock::given(any()).respond_with(answer.set_body_string("0123456789"));
    mock.mount(&service).await;
    let front = Front::start(*service.address()).await.unwrap();
    for fault in faults {
        front.next(1, fault);
    }
    (service, front)
}

async fn connect(front: &Front) -> Wire {
    Wire::new(TcpStream::connect(front.address()).await.unwrap())
}

impl Wire {
    async fn send(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// The next answer in one line, without the headers that do not matter here.
    async fn told(&mut self, method: &str) -> String {
        let answer = self.answer(method).await.unwrap();
        let mut told = format!("{} {}", answer.code, answer.reason);
        for (name, value) in answer.headers.iter().filter(|(name, _)| name != "date") {
            told += &format!(" {name}={}", String::from_utf8_lossy(value));
        }
        told + " " + str::from_utf8(&answer.body).unwrap()
    }

    async fn get(&mut self) -> String {
        self.send(GET).await;
        self.told("GET").await
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

async fn seen(service: &MockServer) -> usize {
    service.received_requests().await.unwrap().len()
}

/// Until no connection task holds on to the state.
async fn at_rest(front: &Front) {
    let rest = async {
        while Arc::strong_count(&front.state) > 2 {
            sleep(MS).await;
        }
    };
    timeout(1000 * MS, rest).await.unwrap();
}

async fn fetch(client: &reqwest::Client, front: &Front) -> reqwest::Result<reqwest::Response> {
    client.get(format!("http://{}/", front.address())).send().await
}

#[tokio::test]
async fn requests_and_answers_are_relayed() {
    let service = MockServer::start().await;
    let made = ResponseTemplate::new(201).insert_header("X-A", "1").set_body_string("made");
    let post = Mock::given(method("POST"))
        .and(path("/v1/users"))
        .and(query_param("q", "a b"))
        .and(has("host", "fake.test:81"))
        .and(has("authorization", "Bearer hush"))
        .and(has("content-length", "10"))
        .and(body_string("0123456789"));
    post.respond_with(made).mount(&service).await;
    let empty = Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(204));
    empty.mount(&service).await;
    let head = ResponseTemplate::new(200).set_body_string("0123456789");
    Mock::given(method("HEAD")).respond_with(head).mount(&service).await;
    let front = Front::start(*service.address()).await.unwrap();
    let mut client = connect(&front).await;

    let post = "POST /v1/users?q=a%20b HTTP/1.1\r\nhost: fake.test:81\r\nX-Two: 1\r\n\
                authorization: Bearer hush\r\nx-two: 2\r\n";
    let made = "201 Created x-a=1 content-type=text/plain content-length=4 made";
    client.send(&format!("{post}Content-Length: 10\r\n\r\n0123456789")).await;
    assert_eq!(client.told("POST").await, made);
    // In pieces that are not those of the chunks.
    let chunked = "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\n01";
    let end = "\n06 \r\n456789\r\n0\r\nx-trailer: 1\r\n\r\n";
    for piece in [post, chunked, "23\r", end] {
        client.send(piece).await;
        sleep(2 * MS).await;
    }
    assert_eq!(client.told("POST").await, made);
    client.send("DELETE /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.told("DELETE").await, "204 No Content ");
    let head = "200 OK content-type=text/plain content-length=10 ";
    assert_eq!(client.told("HEAD").await, head);
    client.send("HEAD /3 HTTP/1.1\r\nConnection: x, Close\r\n\r\n").await;
    assert_eq!(client.told("HEAD").await, head);
    client.ends_with(ErrorKind::UnexpectedEof).await;

    let received = front.received();
    assert_eq!((front.received_count(), received.len()), (5, 5));
    let names: Vec<_> = received[1].headers().iter().map(|it| it.0.as_str()).collect();
    let sent = "host x-two authorization x-two transfer-encoding";
    assert_eq!(names.join(" "), sent);
    assert_eq!(received[1].path(), "/v1/users");
    assert_eq!(received[1].body(), b"0123456789");
    assert_eq!(received[1].header("Authorization"), Some("Bearer ***"));
    assert_eq!((received[4].method(), received[4].target()), ("HEAD", "/3"));
    at_rest(&front).await;
}

#[tokio::test]
async fn a_made_answer_is_as_it_was_described() {
    let odd = Fault::status(429).body("no").header("x-e\r\nvil", "a\r\n\r\nb");
    let odd = odd.header("Content-Length", "7").content_type("a/b").content_type("c/d");
    let late = Fault::status(201).body("{{").after_processing().delayed(20 * MS);
    let last = Fault::status(599).header("connection", "close");
    let odd = odd.retry_after(1200 * MS);
    let bare = Fault::status(204).body("x");
    let (service, front) = fake([odd, Fault::html(502), bare, late, last]).await;
    let mut client = connect(&front).await;
    let odd = "429 Too Many Requests x-evil=ab content-type=c/d retry-after=2 \
               content-length=2 no";
    assert_eq!(client.get().await, odd);
    let html = client.get().await;
    assert!(html.starts_with("502 Bad Gateway ") && html.contains("=text/html content-length="));
    assert_eq!((client.get().await.as_str(), seen(&service).await), ("204 No Content ", 0));
    let start = Instant::now();
    assert_eq!(client.get().await, "201 Created content-length=2 {{");
    assert!(start.elapsed() >= 20 * MS);
    assert_eq!(client.get().await, "599 Unknown content-length=0 ");
    client.ends_with(ErrorKind::UnexpectedEof).await;
    assert_eq!((seen(&service).await, front.pending()), (1, 0));
}

#[tokio::test]
async fn a_delay_is_ahead_of_the_real_answer() {
    let delay = Fault::delay(30 * MS).delayed(10 * MS).header("x-a", "2");
    let (service, front) = fake([delay, Fault::delay(60_000 * MS)]).await;
    let mut client = connect(&front).await;
    let start = Instant::now();
    assert!(client.get().await.contains("x-a=2"));
    assert!(start.elapsed() >= 40 * MS);
    client.send(GET).await;
    while seen(&service).await < 2 {
        sleep(MS).await;
    }
    assert!(client.is_silent().await);
    drop(client);
    at_rest(&front).await;
}

#[tokio::test]
async fn a_hang_ends_with_the_client() {
    let (service, front) = fake([Fault::hang(), Fault::hang().after_processing()]).await;
    let client = reqwest::Client::builder().timeout(100 * MS).build().unwrap();
    for processed in 0..2 {
        assert!(fetch(&client, &front).await.unwrap_err().is_timeout());
        assert_eq!(seen(&service).await, processed);
    }
    at_rest(&front).await;
    assert!(fetch(&client, &front).await.is_ok());
}

#[tokio::test]
async fn a_reset_is_one() {
    let late = Fault::reset().after_processing().delayed(5 * MS);
    let (service, front) = fake([Fault::reset(), late]).await;
    for processed in 0..2 {
        let mut client = connect(&front).await;
        client.send(GET).await;
        client.ends_with(ErrorKind::ConnectionReset).await;
        assert_eq!(seen(&service).await, processed);
    }
}

#[tokio::test]
async fn an_answer_can_stop_half_way() {
    let (_service, front) = fake([Fault::reset_in_answer(), Fault::truncated()]).await;
    for end in [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof] {
        let mut client = connect(&front).await;
        client.send(GET).await;
        let (text, how) = client.rest().await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(head.contains("content-length: 10"));
        assert_eq!((body, how), ("01234", end));
    }
    front.next(1, Fault::truncated());
    let mut client = connect(&front).await;
    client.send("HEAD / HTTP/1.1\r\n\r\n").await;
    let (text, how) = client.rest().await;
    assert!(text.starts_with("HTTP/1.1 200") && !text.contains("\r\n\r\n"));
    assert_eq!(how, ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_drip_is_slow_but_complete() {
    let (_service, front) = fake([Fault::drip(MS), Fault::drip(60_000 * MS)]).await;
    let mut client = connect(&front).await;
    client.send(GET).await;
    client.more().await.unwrap();
    assert!(client.buffer.len() < 10);
    assert!(client.told("GET").await.ends_with(" 0123456789"));
    client.send(GET).await;
    client.more().await.unwrap();
    assert_eq!(client.buffer, "H");
    drop(client);
    at_rest(&front).await;
}

#[tokio::test]
async fn an_endless_answer_ends_with_the_client() {
    let (service, front) = fake([Fault::endless(200), Fault::endless(500)]).await;
    let mut answer = fetch(&reqwest::Client::new(), &front).await.unwrap();
    assert_eq!(answer.status(), http::StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let mut read = 0;
    while read < 1 << 20 {
        read += answer.chunk().await.unwrap().unwrap().len();
    }
    drop(answer);
    at_rest(&front).await;
    let mut client = connect(&front).await;
    client.send("HEAD / HTTP/1.1\r\n\r\n").await;
    assert!(client.told("HEAD").await.starts_with("500 "));
    assert!(client.is_silent().await);
    assert_eq!(seen(&service).await, 0);
}

#[tokio::test]
async fn a_kept_connection_can_go_bad() {
    let (service, front) = fake([Fault::stale(), Fault::closed_idle(), Fault::stale()]).await;
    let mut client = connect(&front).await;
    assert!(client.get().await.ends_with(" 0123456789"));
    assert!(client.is_silent().await);
    client.send(GET).await;
    client.ends_with(ErrorKind::ConnectionReset).await;
    let mut client = connect(&front).await;
    client.send(GET).await;
    let (text, how) = client.rest().await;
    assert!(text.ends_with("\r\n\r\n0123456789") && !text.contains("connection"));
    assert_eq!((how, seen(&service).await), (ErrorKind::UnexpectedEof, 2));

    let client = reqwest::Client::new();
    fetch(&client, &front).await.unwrap().bytes().await.unwrap();
    // For the client to take its connection back.
    sleep(20 * MS).await;
    assert!(fetch(&client, &front).await.unwrap_err().is_request());
    assert_eq!((seen(&service).await, front.received_count()), (3, 3));
    assert!(fetch(&client, &front).await.is_ok());
}

#[tokio::test]
async fn the_first_fault_that_applies_is_used_up() {
    let (_service, front) = fake([]).await;
    front.next_on("/v2/", 1, Fault::status(500));
    front.next_on("/v1/", 2, Fault::status(501));
    front.next(1, Fault::status(502));
    front.next(0, Fault::status(503));
    assert_eq!(front.pending(), 4);
    let mut client = connect(&front).await;
    for code in ["501", "501", "502", "200"] {
        assert!(client.get().await.starts_with(code));
    }
    assert_eq!(front.pending(), 1);
    front.clear();
    assert_eq!(front.pending(), 0);

    // Far more requests than are remembered.
    front.next(usize::MAX, Fault::status(504));
    front.next(1, Fault::status(504));
    assert_eq!(front.pending(), usize::MAX);
    for at in 4..REMEMBERED + 8 {
        client.send(&format!("GET /{at} HTTP/1.1\r\n\r\n")).await;
        client.told("GET").await;
    }
    let received = front.received();
    assert_eq!((front.received_count(), received.len()), (1032, 1024));
    assert_eq!((received[0].path(), received[1023].path()), ("/8", "/1031"));
}

#[tokio::test]
async fn what_is_not_a_request_is_refused() {
    let (service, front) = fake([]).await;
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
        let mut client = connect(&front).await;
        client.send(request).await;
        assert!(client.told("GET").await.starts_with(code), "{request}");
        client.ends_with(ErrorKind::UnexpectedEof).await;
    }
    let mut client = connect(&front).await;
    client.send(&"x".repeat(HEAD_LIMIT + 1)).await;
    assert_eq!(client.rest().await.0, "");
    assert_eq!((front.received_count(), seen(&service).await), (0, 0));
}

#[tokio::test]
async fn a_service_that_is_gone_is_a_bad_gateway() {
    // Bound, so that nobody else gets the port, and not listening.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let front = Front::start(taken.local_addr().unwrap()).await.unwrap();
    let told = connect(&front).await.get().await;
    assert!(told.starts_with("502 ") && told.contains("does not answer"));
}

#[tokio::test]
async fn many_connections_at_once() {
    let (service, front) = fake([]).await;
    front.next(32, Fault::delay(20 * MS));
    front.next(16, Fault::status(503));
    let mut clients = JoinSet::new();
    for _ in 0..64 {
        let mut client = connect(&front).await;
        clients.spawn(async move { [client.get().await, client.get().await] });
    }
    let told = clients.join_all().await.concat();
    assert_eq!(told.iter().filter(|told| told.starts_with("503")).count(), 16);
    assert_eq!((front.received_count(), front.pending(), seen(&service).await), (128, 0, 112));
    at_rest(&front).await;
}

#[tokio::test]
async fn nothing_is_left_after_a_drop() {
    let (service, front) = fake([Fault::hang()]).await;
    let (address, state) = (front.address(), Arc::downgrade(&front.state));
    let mut clients = [connect(&front).await, connect(&front).await];
    clients[0].send(GET).await;
    assert!(clients[0].is_silent().await);
    drop(front);
    // At once, before the runtime had a chance to do anything.
    let refused = std::net::TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    for client in &mut clients {
        assert_eq!(client.rest().await.0, "");
    }
    assert_eq!((state.strong_count(), seen(&service).await), (0, 0));
}
