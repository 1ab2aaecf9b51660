//! Every checked id: what is accepted follows the rule, and is one segment of a URL; what is read
//! from a response is kept as it came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall::operation::{Operation, Spec};
use rolecall::{Error, ErrorKind, Redox, deepset, harness, redox, twilio};
use rolecall_fuzz::{BASE, Run, Script};
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
    let call = client.call(&Probe(id));
    let Ok(request) = call.request() else { return false };
    let sent = request.uri().to_string();
    let url = url::Url::parse(&sent).expect("it is a URL");
    assert_eq!(url.as_str(), sent, "it is normal");
    assert!(url.query().is_none() && url.fragment().is_none());
    assert_eq!(url.origin().ascii_serialization(), "http://127.0.0.1:1");
    let segments: Vec<_> = url.path_segments().expect("it has a path").collect();
    let [base, v1, outer, all, inner] = segments[..] else { panic!("{url}") };
    assert_eq!((base, v1, all), ("base", "v1", "all"));
    for segment in [outer, inner] {
        assert!(!matches!(segment, "" | "." | ".."), "{url}");
        let plain = percent_encoding::percent_decode_str(segment).decode_utf8();
        assert_eq!(plain.expect("it was text"), id);
    }
    true
}

fn check<T>(client: &Redox, text: &str, new: fn(String) -> Result<T, Error>, rule: fn(&str) -> bool)
where
    T: AsRef<str> + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + std::fmt::Display,
{
    match new(text.to_owned()) {
        Ok(id) => {
            assert!(rule(text), "{text:?} was accepted");
            assert_eq!((id.as_ref(), id.to_string().as_str()), (text, text));
            assert!(is_segment(client, id.as_ref()), "{text:?} was accepted, and cannot be sent");
        }
        Err(error) => {
            assert!(!rule(text), "{text:?} was refused: {error}");
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            // A token that was pasted into the wrong place is still a token. A text with blanks is none,
            // and may be what the error says of itself.
            let shown = error.to_string();
            assert!(text.len() < 20 || text.contains(' ') || !shown.contains(text), "{shown}");
        }
    }
    // A response may hold any text.
    let json = serde_json::to_string(text).expect("text is JSON");
    let kept: T = serde_json::from_str(&json).expect("any text is read");
    assert_eq!(kept.as_ref(), text);
    assert_eq!(serde_json::to_string(&kept).expect("it can be written"), json);
    // And what cannot be sent back is refused then, and never sent to another place.
    is_segment(client, kept.as_ref());
}

fn opaque(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.len() <= 1024 && !text.chars().any(char::is_control)
}

fn sid(prefix: &str, text: &str) -> bool {
    let digits = text.strip_prefix(prefix);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

macro_rules! check_all {
    ($client:ident, $text:ident: $( $id:ty, $rule:expr; )+) => {
        $( check::<$id>(&$client, $text, |text| <$id>::new(text), $rule); )+
    };
}

fuzz_target!(|text: &str| {
    let _run = Run::of(Script::read(b"").1);
    let client = Redox::builder("obviously-fake").base_url(BASE).build().expect("it is complete");
    assert_eq!(is_segment(&client, text), opaque(text), "{text:?}");
    check_all! { client, text:
        twilio::AccountSid, |text| sid("AC", text);
        twilio::OrganizationSid, |text| sid("OR", text);
        twilio::RoleSid, |text| sid("IX", text);
        twilio::RoleAssignmentSid, |text| sid("IY", text);
        twilio::UserSid, |text| sid("US", text);
        twilio::Sid, |text| {
            text.get(..2).is_some_and(|two| two.bytes().all(|b| b.is_ascii_uppercase()) && sid(two, text))
        };
        twilio::chat::ServiceSid, |text| sid("IS", text);
        twilio::chat::ApiKeySid, |text| sid("SK", text);
        twilio::chat::RoleSid, |text| sid("RL", text);
        twilio::iam::RolePermissionSid, |text| sid("IZ", text);
        harness::OrgIdentifier, opaque;
        harness::ProjectIdentifier, opaque;
        redox::OrganizationId, opaque;
        redox::EnvironmentId, opaque;
        deepset::RoleId, opaque;
        deepset::UserId, opaque;
    }
    // Two that are no segments as a rule: an identifier is given by the caller, a version is a
    // header.
    if let Ok(id) = harness::Identifier::new(text) {
        let (first, rest) = id.as_str().split_at(1);
        assert!(first.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_'));
        assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$'));
        assert!(id.as_str().len() <= 128 && is_segment(&client, text));
    }
    if let Ok(version) = twilio::iam::UserVersion::new(text) {
        http::HeaderValue::from_str(version.as_str()).expect("it can be a header");
    }
    if let Ok(id) = deepset::OrganizationId::new(text) {
        let canonical = id.to_string();
        assert_eq!(deepset::OrganizationId::new(&canonical).expect("it is canonical"), id);
        assert!(canonical.len() == 36 && is_segment(&client, &canonical));
    }
});
