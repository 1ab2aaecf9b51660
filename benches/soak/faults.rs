//! The faults that are thrown, with what of them the comparison has to know.

use std::time::Duration;

use fastrand::Rng;
use rolecall::testing::Fault;

/// A fault that waits for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thrown {
    pub(crate) name: &'static str,
    /// The service carries the request out.
    pub(crate) passes: bool,
    /// The answer is a success whatever the service said, so that a client may believe too much.
    pub(crate) flatters: bool,
}

impl Thrown {
    /// No fault.
    pub(crate) const NONE: Self = Self { name: "none", passes: true, flatters: false };
}

/// All kinds. "Before" the service saw the request, or "after" it was carried out.
pub(crate) const NAMES: &[&str] = &[
    "rate limit",
    "5xx before",
    "5xx after",
    "4xx",
    "401",
    "redirect",
    "odd 2xx before",
    "odd 2xx after",
    "garbage",
    "encoded",
    "reset before",
    "reset after",
    "reset in answer",
    "truncated",
    "drip",
    "slow drip",
    "endless success",
    "endless refusal",
    "hang before",
    "hang after",
    "delay",
    "late answer",
    "stale",
    "closed idle",
    "closing",
    "no HTTP",
];

/// Of a thousand requests so many meet a fault.
const FAULTY: u32 = 120;

/// A refusal is only ever thrown before the service saw the request: after it, it would be the
/// service that lies. A success is only ever thrown after it, for the same reason.
pub(crate) fn draw(random: &mut Rng) -> Option<(Thrown, Fault)> {
    if random.u32(0..1000) >= FAULTY {
        return None;
    }
    // Silence costs a whole attempt's time, and so is rarer.
    let silent = ["slow drip", "hang before", "hang after", "late answer"];
    let mut name = NAMES[random.usize(0..NAMES.len())];
    if silent.contains(&name) && random.u32(0..3) > 0 {
        name = "closing";
    }
    let mut one_of = |codes: &[u16]| codes[random.usize(0..codes.len())];
    let millis = Duration::from_millis;
    let (fault, passes, flatters) = match name {
        "rate limit" => match one_of(&[0, 1, 2]) {
            0 => (Fault::status(429), false, false),
            1 => (Fault::html(429), false, false),
            _ => (Fault::status(429).retry_after(Duration::ZERO), false, false),
        },
        "5xx before" => {
            let code = one_of(&[408, 500, 501, 502, 503, 504, 505, 599]);
            (Fault::html(code), false, false)
        }
        "5xx after" => {
            let code = one_of(&[408, 500, 501, 502, 503, 504, 505, 599]);
            (Fault::status(code).after_processing(), true, false)
        }
        "4xx" => {
            let code = one_of(&[400, 402, 403, 404, 405, 409, 410, 412, 418, 422]);
            let fault = if one_of(&[0, 1]) == 0 { Fault::html(code) } else { Fault::status(code) };
            (fault, false, false)
        }
        "401" => (Fault::status(401), false, false),
        "redirect" => {
            let code = one_of(&[301, 302, 303, 304, 307, 308]);
            (Fault::status(code).header("location", "/elsewhere"), false, false)
        }
        "odd 2xx before" => (Fault::status(one_of(&[202, 203, 206])), false, false),
        "odd 2xx after" => {
            (Fault::status(one_of(&[202, 203, 206])).after_processing(), true, false)
        }
        "garbage" => {
            let body = ["", "<html>", "{}", "[1", "null", "{\"success\":", "\u{0}"];
            let body = body[usize::from(one_of(&[0, 1, 2, 3, 4, 5, 6]))];
            let fault = Fault::json(one_of(&[200, 201]), body).after_processing();
            (fault, true, true)
        }
        "encoded" => (Fault::none().header("content-encoding", "gzip"), true, false),
        "reset before" => (Fault::reset(), false, false),
        "reset after" => (Fault::reset().after_processing(), true, false),
        "reset in answer" => (Fault::reset_in_answer(), true, false),
        "truncated" => (Fault::truncated(), true, false),
        "drip" => (Fault::drip(Duration::ZERO), true, false),
        "slow drip" => (Fault::drip(millis(20)), true, false),
        "endless success" => (Fault::endless(one_of(&[200, 201])).after_processing(), true, true),
        "endless refusal" => (Fault::endless(one_of(&[403, 503])), false, false),
        "hang before" => (Fault::hang(), false, false),
        "hang after" => (Fault::hang().after_processing(), true, false),
        "delay" => (Fault::delay(millis(30)), true, false),
        "late answer" => (Fault::delay(Duration::from_secs(60)), true, false),
        "stale" => (Fault::stale(), true, false),
        "closed idle" => (Fault::closed_idle(), true, false),
        "closing" => (Fault::none().header("connection", "close"), true, false),
        "no HTTP" => (Fault::status(1000), false, false),
        other => unreachable!("{other} has no fault"),
    };
    Some((Thrown { name, passes, flatters }, fault))
}
