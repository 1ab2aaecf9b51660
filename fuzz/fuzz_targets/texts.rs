//! Texts that have a meaning: timestamps, open enums, positions, SCIM filters.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use rolecall::twilio::iam::UserFilter;
use rolecall::{Position, Timestamp, access, deepset, harness, redox, twilio};
use rolecall_fuzz::{check_position, kept};

macro_rules! open_enums {
    ($text:ident: $( $name:ty ),+ $(,)?) => { $( {
        type Open = $name;
        let value = Open::from($text);
        assert_eq!(value.as_str(), $text);
        assert_eq!(value, Open::from($text.to_owned()));
        if let Open::Unknown(unknown) = &value {
            assert_eq!(unknown.as_str(), $text);
        }
        assert_eq!(kept::<Open>($text), value);
    } )+ };
}

fuzz_target!(|text: &str| {
    let time: Timestamp = kept(text);
    assert_eq!((time.as_str(), time.to_string().as_str()), (text, text));
    // Two ways to the same second, rounded towards 1970.
    let read = time.to_system_time();
    let seconds = read.map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).expect("it fits"),
        Err(before) => -i64::try_from(before.duration().as_secs()).expect("it fits"),
    });
    assert_eq!(time.unix_seconds(), seconds, "{text:?}");
    let year_10_000 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert!(read.is_none_or(|time| time < year_10_000), "{text:?}");

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
    let filters = [UserFilter::user_name(text), UserFilter::external_id(text)];
    for (filter, name) in filters.into_iter().zip(["userName", "externalId"]) {
        let quoted = filter.as_str().strip_prefix(name).and_then(|rest| rest.strip_prefix(" eq "));
        let quoted = quoted.and_then(|quoted| serde_json::from_str::<String>(quoted).ok());
        assert_eq!(quoted.as_deref(), Some(text), "{}", filter.as_str());
    }
});
