//! An attempt whose time runs out at the very moment at which its request leaves.
#![cfg(feature = "deepset")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rolecall::deepset::NewRole;
use rolecall::{ClientOptions, Deepset, Effect, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How often a role of each name was asked for.
type Arrivals = Arc<Mutex<HashMap<String, u32>>>;

async fn serve(mut stream: TcpStream, arrivals: Arrivals) {
    const ANSWER: &[u8] = b"HTTP/1.1 201 X\r\ncontent-length: 15\r\n\r\n{\"role_id\":\"a\"}";
    let mut buffer = Vec::new();
    loop {
        if let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let end = head + 4 + length.expect("it has one").parse::<usize>().expect("a number");
            if buffer.len() >= end {
                let body: serde_json::Value =
                    serde_json::from_slice(&buffer[head + 4..end]).expect("it is JSON");
                let name = body["role_name"].as_str().expect("it has a name").to_owned();
                *arrivals.lock().expect("no panic").entry(name).or_default() += 1;
                buffer.drain(..end);
                if stream.write_all(ANSWER).await.is_err() {
                    return;
                }
                continue;
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

async fn listen(arrivals: Arrivals) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&arrivals)));
        }
    });
    address
}

/// Hundreds of creates at once with attempts of a few milliseconds: many of them end while the
/// connection's own task is about to send them.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn nothing_leaves_after_its_attempt_was_given_up() {
    let arrivals = Arrivals::default();
    // A runtime of its own, so that the server is not slowed down by those it serves.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let address = runtime.spawn(listen(Arc::clone(&arrivals))).await.expect("it listens");
    let (mut arrived, mut given_up) = (0, 0);
    let end = Instant::now() + Duration::from_secs(4);
    let mut round = 0;
    while Instant::now() < end {
        round += 1;
        let policy = RetryPolicy::default().base_wait(Duration::ZERO).budget(1_000_000);
        let options = ClientOptions::default()
            .retry(policy)
            .attempt_timeout(Duration::from_millis(1 + round % 4));
        let client = Deepset::builder("obviously-fake")
            .base_url(format!("http://{address}"))
            .options(options)
            .build()
            .expect("it is set up well");
        let tasks: Vec<_> = (0..300)
            .map(|number| {
                let (client, name) = (client.clone(), format!("{round}-{number}"));
                tokio::spawn(async move {
                    let organization = client.organization("7f0c1f5e-0000-4000-8000-000000000001");
                    let roles = organization.expect("it is a UUID").roles();
                    let result = roles.create(&NewRole::new(name.clone(), "", [])).await;
                    (name, result.map(drop))
                })
            })
            .collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("no panic"));
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        let mut arrivals = arrivals.lock().expect("no panic");
        for (name, result) in results {
            let times = arrivals.get(&name).copied().unwrap_or(0);
            assert!(times <= 1, "sent {times} times: {result:?}");
            arrived += times;
            if let Err(error) = &result
                && error.effect() == Effect::NotApplied
            {
                given_up += 1;
                assert_eq!(times, 0, "it arrived after all: {error}");
            }
        }
        arrivals.clear();
    }
    assert!(arrived > 100 && given_up > 100, "both happen: {arrived} arrived, {given_up} did not");
    runtime.shutdown_background();
}
