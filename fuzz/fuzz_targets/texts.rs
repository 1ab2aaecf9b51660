//! Texts that have a meaning: timestamps, open enums, positions, SCIM filters.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use rolecall::twilio::iam::UserFilter;
use rolecall::{Position, Timestamp, access, deepset, harness, redox, twilio};
use rolecall_fuzz::{check_position, same};

macro_rules! open_enums {
    ($text:ident: $( $name:ty ),+ $(,)?) => { $( {
        type Open = $name;
        let value = Open::from($text);
        assert_eq!(value.as_str(), $text);
        assert_eq!(value, Open::from($text.to_owned()));
        if let Open::Unknown(unknown) = &value {
            assert_eq!(unknown.as_str(), $text);
        }
        same(&value);
        let json = serde_json::to_string($text).expect("text is JSON");
        assert_eq!(serde_json::to_string(&value).expect("it can be written"), json);
        assert_eq!(serde_json::from_str::<Open>(&json).expect("any text is read"), value);
    } )+ };
}

fuzz_target!(|text: &str| {
    let json = serde_json::to_string(text).expect("text is JSON");
    let time: Timestamp = serde_json::from_str(&json).expect("any text is read");
    assert_eq!((time.as_str(), time.to_string().as_str()), (text, text));
    same(&time);
    // Two ways to the same second, rounded towards 1970.
    let seconds =
        time.to_system_time().map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).expect("it fits"),
            Err(before) => -i64::try_from(before.duration().as_secs()).expect("it fits"),
        });
    assert_eq!(time.unix_seconds(), seconds, "{text:?}");
    if let Some(time) = time.to_system_time() {
        let year_10_000 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert!(time < year_10_000, "{text:?}");
    }

    open_enums! { text:
        access::PrincipalKind,
        access::Reason,
        access::ScopeKind,
        access::Status,
        access::Vendor,
        deepset::Action,
        deepset::Asset,
        harness::ErrorCode,
        harness::ManagedFilter,
        harness::PrincipalType,
        harness::ScopeFilter,
        harness::ScopeLevel,
        redox::EnvironmentFlag,
        twilio::chat::RoleType,
        twilio::iam::AccountStatus,
        twilio::iam::RoleLevel,
    }

    if let Ok(position) = text.parse::<Position>() {
        check_position(&position);
    }

    // The text stays inside the quotes of the filter.
    for (filter, start) in [
        (UserFilter::user_name(text), "userName eq \""),
        (UserFilter::external_id(text), "externalId eq \""),
    ] {
        let quoted = filter.as_str().strip_prefix(start).and_then(|rest| rest.strip_suffix('"'));
        let quoted = quoted.expect("it has quotes");
        let as_json: String = serde_json::from_str(&format!("\"{quoted}\""))
            .unwrap_or_else(|error| panic!("{error}: {}", filter.as_str()));
        assert_eq!(as_json, text);
    }
});
