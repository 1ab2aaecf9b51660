//! Every call of a vendor: the endpoints of the registry, and what makes several requests.
//!
//! The first byte of an input chooses the call. Its highest bit resumes a list from a position that
//! comes from outside: the last act of the script, as text.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::registry::{Checked, Endpoint, ITEMS, endpoints};
use crate::script::{self, written};
use crate::steps::{Step, steps};
use crate::{BASE, Run, options};

/// Makes the call of a vendor that the input chooses.
pub fn fuzz(vendor: &str, input: &[u8]) {
    static CALLS: OnceLock<Vec<Step>> = OnceLock::new();
    let calls = CALLS.get_or_init(|| {
        let mut own = endpoints();
        own.retain(|endpoint| endpoint.name().split(' ').next() == Some(vendor));
        let steps = steps(vendor);
        if let Some(folder) = std::env::var_os("WRITE_SEEDS") {
            write_seeds(folder.as_ref(), &own, steps.len()).expect("the folder can be written to");
        }
        let own = own.into_iter().map(|endpoint| -> Step {
            Box::new(move |run| match endpoint.checked(BASE, options(), None) {
                Checked::Call(spec, running) => run.call(spec, running),
                Checked::List(..) => {
                    run.list(endpoint.form == ITEMS, |from| endpoint.checked(BASE, options(), from))
                }
            })
        });
        own.chain(steps).collect()
    });
    let (which, acts) = script::read(input);
    let mut run = Run::of(acts);
    if which & 0x80 != 0 {
        let last = input.rsplit(|byte| *byte == 0x1e).next().unwrap_or_default();
        run.position = Some(String::from_utf8_lossy(last).into_owned());
    }
    calls[usize::from(which & 0x7f) % calls.len()](&run);
}

/// Writes inputs in which each endpoint gets its proper response, and steps get those of all endpoints.
fn write_seeds(folder: &Path, endpoints: &[Endpoint], steps: usize) -> std::io::Result<()> {
    let proper = |one: &Endpoint| written(one.success()[0], 0, &one.response);
    let under = |status, one: &Endpoint| written(status, 0, &one.response);
    let late = || written(503, 4, "retry-after:1\n\n{\"message\":\"later \u{1d}\u{2}\"}");
    let gone = || written(404, 0, "{\"code\":20404,\"detail\":\"gone\"}");
    let mut seeds = Vec::new();
    for (call, one) in (0..).zip(endpoints) {
        let lost = vec![written(200, 2, ""), gone()];
        let acts = [vec![proper(one)], vec![late(), proper(one)], lost, vec![under(400, one)]];
        seeds.extend(acts.map(|acts| (call, acts)));
        let refused = [(301, ""), (408, ""), (429, "<html>"), (500, "{\"code\":20429}")];
        seeds.extend(refused.map(|(status, body)| (call, vec![written(status, 0, body)])));
        seeds.push((call | 0x80, vec![proper(one), b"0.1.2".to_vec()]));
    }
    for call in (0..).skip(endpoints.len()).take(steps) {
        let read = |one| [vec![proper(one)], vec![under(200, one), proper(one)]];
        seeds.extend(endpoints.iter().flat_map(read).map(|acts| (call, acts)));
        seeds.push((call, vec![late(), gone()]));
    }
    for (number, (call, acts)) in seeds.into_iter().enumerate() {
        let seed = [&[call][..], &acts.join(&0x1e)].concat();
        fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}
