//! The faults of requests, with the facts that the comparison needs about each.

use std::time::Duration;

use fastrand::Rng;
use rolecall::testing::Fault;

/// A kind of fault. "Before" the service saw the request, or "after" it was carried out.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The service carries the request out.
    pub(crate) processed: bool,
    /// The response is a success whatever the service said, so that a client may believe too much.
    pub(crate) claims_success: bool,
    /// It costs a whole attempt's time, and so is rarer.
    silent: bool,
    draw: fn(&mut Rng) -> Fault,
}

/// No fault.
pub(crate) static NONE: Kind = Kind::new("none", true, |_| Fault::none());

impl Kind {
    const fn new(name: &'static str, processed: bool, draw: fn(&mut Rng) -> Fault) -> Self {
        Self { name, processed, claims_success: false, silent: false, draw }
    }

    const fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    const fn claims_success(mut self) -> Self {
        self.claims_success = true;
        self
    }
}

fn one_of<T: Copy>(random: &mut Rng, values: &[T]) -> T {
    values[random.usize(0..values.len())]
}

/// A refusal is only ever sent before the service saw the request: after it, it would be the service
/// that lies. A success is only ever sent after it, for the same reason.
pub(crate) static ALL: [Kind; 26] = [
    // The first stands in for most of the silent ones.
    Kind::new("closing", true, |_| Fault::none().header("connection", "close")),
    Kind::new("rate limit", false, |random| match random.u32(0..3) {
        0 => Fault::status(429),
        1 => Fault::html(429),
        _ => Fault::status(429).retry_after(Duration::ZERO),
    }),
    Kind::new("5xx before", false, |random| Fault::html(one_of(random, &FAILURES))),
    Kind::new("5xx after", true, |random| {
        Fault::status(one_of(random, &FAILURES)).after_processing()
    }),
    Kind::new("4xx", false, |random| {
        let code = one_of(random, &[400, 402, 403, 404, 405, 409, 410, 412, 418, 422]);
        if random.bool() { Fault::html(code) } else { Fault::status(code) }
    }),
    Kind::new("401", false, |_| Fault::status(401)),
    Kind::new("redirect", false, |random| {
        let code = one_of(random, &[301, 302, 303, 304, 307, 308]);
        Fault::status(code).header("location", "/elsewhere")
    }),
    Kind::new("odd 2xx before", false, |random| Fault::status(one_of(random, &ODD))),
    Kind::new("odd 2xx after", true, |random| {
        Fault::status(one_of(random, &ODD)).after_processing()
    }),
    Kind::new("garbage", true, |random| {
        let bodies = ["", "<html>", "{}", "[1", "null", "{\"success\":", "\u{0}"];
        let status = one_of(random, &[200, 201]);
        Fault::json(status, one_of(random, &bodies)).after_processing()
    })
    .claims_success(),
    Kind::new("encoded", true, |_| Fault::none().header("content-encoding", "gzip")),
    Kind::new("reset before", false, |_| Fault::reset()),
    Kind::new("reset after", true, |_| Fault::reset().after_processing()),
    Kind::new("reset in response", true, |_| Fault::reset_in_response()),
    Kind::new("truncated", true, |_| Fault::truncated()),
    Kind::new("drip", true, |_| Fault::drip(Duration::ZERO)),
    Kind::new("slow drip", true, |_| Fault::drip(Duration::from_millis(20))).silent(),
    Kind::new("endless success", true, |random| {
        Fault::endless(one_of(random, &[200, 201])).after_processing()
    })
    .claims_success(),
    Kind::new("endless refusal", false, |random| Fault::endless(one_of(random, &[403, 503]))),
    Kind::new("hang before", false, |_| Fault::hang()).silent(),
    Kind::new("hang after", true, |_| Fault::hang().after_processing()).silent(),
    Kind::new("delay", true, |_| Fault::delay(Duration::from_millis(30))),
    Kind::new("late response", true, |_| Fault::delay(Duration::from_secs(60))).silent(),
    Kind::new("stale", true, |_| Fault::stale()),
    Kind::new("closed idle", true, |_| Fault::closed_idle()),
    Kind::new("no HTTP", false, |_| Fault::status(1000)),
];

const FAILURES: [u16; 8] = [408, 500, 501, 502, 503, 504, 505, 599];
const ODD: [u16; 3] = [202, 203, 206];

/// Of a thousand requests so many meet a fault.
const FAULTY: u32 = 120;

pub(crate) fn draw(random: &mut Rng) -> Option<(&'static Kind, Fault)> {
    let faulty = random.u32(0..1000) < FAULTY;
    let mut kind = &ALL[random.usize(0..ALL.len())];
    if kind.silent && random.u32(0..3) > 0 {
        kind = &ALL[0];
    }
    faulty.then(|| (kind, (kind.draw)(random)))
}
