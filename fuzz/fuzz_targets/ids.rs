//! Every checked id: what is accepted follows the rule, and is one segment of a URL; what is read
//! from a response is kept as it came.
#![no_main]

use std::fmt::{Debug, Display};

use deepset::OrganizationId;
use libfuzzer_sys::fuzz_target;
use rolecall::operation::{Operation, Spec};
use rolecall::{Error, ErrorKind, Redox, deepset, harness, redox, twilio};
use rolecall_fuzz::{ORIGIN, Run, kept};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A call about one thing in another.
struct Probe<'a>(&'a str);

impl Operation for Probe<'_> {
    type Service = Redox;
    type Output = serde_json::Value;
    const SPEC: Spec = Spec::get("own probe.send", &["/v1/{outer}/all/{inner}"]);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![self.0, self.0])
    }
}

/// Whether the text can be sent; if so, as exactly one segment that stands for it.
fn is_segment(client: &Redox, id: &str) -> bool {
    let Ok(request) = client.call(&Probe(id)).request() else { return false };
    let sent = request.uri().to_string();
    let url = url::Url::parse(&sent).expect("it is a URL");
    assert_eq!(url.as_str(), sent, "it is normal");
    let path = sent.strip_prefix(ORIGIN).expect("it is the client's own origin");
    let segments: Vec<_> = path.split('/').collect();
    let ["", "base", "v1", outer, "all", inner] = segments[..] else { panic!("{url}") };
    for segment in [outer, inner] {
        assert!(!matches!(segment, "" | "." | "..") && !segment.contains(['?', '#']), "{url}");
        let plain = percent_encoding::percent_decode_str(segment).decode_utf8();
        assert_eq!(plain.expect("it was text"), id);
    }
    true
}

fn check<T>(client: &Redox, text: &str, new: fn(String) -> Result<T, Error>, rule: fn(&str) -> bool)
where
    T: AsRef<str> + Serialize + DeserializeOwned + Debug + Display,
{
    let id = new(text.to_owned());
    assert_eq!(id.is_ok(), rule(text), "{text:?}: {id:?}");
    match id {
        Ok(id) => {
            assert_eq!((id.as_ref(), id.to_string().as_str()), (text, text));
            assert!(is_segment(client, id.as_ref()), "{text:?} was accepted, and cannot be sent");
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            // A token that was pasted into the wrong place is still a token. A text with blanks is none,
            // and may be what the error says of itself.
            let shown = error.to_string();
            assert!(text.len() < 20 || text.contains(' ') || !shown.contains(text), "{shown}");
        }
    }
    // What cannot be sent back is refused then, and never sent to another place.
    let kept: T = kept(text);
    assert_eq!(kept.as_ref(), text);
    is_segment(client, kept.as_ref());
}

fn opaque(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.len() <= 1024 && !text.chars().any(char::is_control)
}

fn sid(prefix: &str, text: &str) -> bool {
    let digits = text.strip_prefix(prefix);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn any_sid(text: &str) -> bool {
    let prefix = text.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_uppercase()));
    prefix.is_some_and(|prefix| sid(prefix, text))
}

fuzz_target!(|text: &str| {
    let _run = Run::of(Vec::new());
    let client = rolecall_fuzz::redox();
    assert_eq!(is_segment(&client, text), opaque(text), "{text:?}");
    check(&client, text, twilio::AccountSid::new, |text| sid("AC", text));
    check(&client, text, twilio::OrganizationSid::new, |text| sid("OR", text));
    check(&client, text, twilio::RoleSid::new, |text| sid("IX", text));
    check(&client, text, twilio::RoleAssignmentSid::new, |text| sid("IY", text));
    check(&client, text, twilio::UserSid::new, |text| sid("US", text));
    check(&client, text, twilio::Sid::new, any_sid);
    check(&client, text, twilio::chat::ServiceSid::new, |text| sid("IS", text));
    check(&client, text, twilio::chat::ApiKeySid::new, |text| sid("SK", text));
    check(&client, text, twilio::chat::RoleSid::new, |text| sid("RL", text));
    check(&client, text, twilio::iam::RolePermissionSid::new, |text| sid("IZ", text));
    check(&client, text, harness::OrgIdentifier::new, opaque);
    check(&client, text, harness::ProjectIdentifier::new, opaque);
    check(&client, text, redox::OrganizationId::new, opaque);
    check(&client, text, redox::EnvironmentId::new, opaque);
    check(&client, text, deepset::RoleId::new, opaque);
    check(&client, text, deepset::UserId::new, opaque);
    // An identifier is given by the caller, a version is a header, a UUID has a canonical form.
    if let Ok(id) = harness::Identifier::new(text) {
        let (first, rest) = id.as_str().split_at(1);
        assert!(first.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_'));
        assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$'));
        assert!(id.as_str().len() <= 128 && is_segment(&client, text));
    }
    if let Ok(version) = twilio::iam::UserVersion::new(text) {
        http::HeaderValue::from_str(version.as_str()).expect("it can be a header");
    }
    if let Ok(id) = OrganizationId::new(text) {
        let canonical = id.to_string();
        assert_eq!(OrganizationId::new(&canonical).expect("it is canonical"), id);
        assert!(canonical.len() == 36 && is_segment(&client, &canonical));
    }
});
