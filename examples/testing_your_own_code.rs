//! How to test your own code against the fakes of `rolecall::testing`.
//!
//! `cargo run --example testing_your_own_code` shows what [`onboard`] does in good times and in bad;
//! `cargo test --example testing_your_own_code` runs the tests at the end of this file. In your own
//! crate the fakes come with `rolecall = { version = "0.1", features = ["testing"] }` under
//! `[dev-dependencies]`.

use std::time::Duration;

use rolecall::harness::{NewRoleAssignment, Principal};
use rolecall::testing::{Fault, HarnessDuplicates, HarnessFake};
use rolecall::{Error, Harness};

/// What became of somebody's access.
#[derive(Debug, PartialEq)]
enum Onboarded {
    /// The access was given.
    Granted,
    /// It was there already, which is as good.
    AlreadyThere,
    /// It may have been given: a person has to look before anybody tries again.
    AskAPerson(String),
}

/// The code under test: lets a group view an organization.
///
/// It takes the client instead of making one, which is all that a test needs to put a fake there.
async fn onboard(harness: &Harness, org: &str, group: &str) -> Result<Onboarded, Error> {
    let wanted = NewRoleAssignment::new(
        format!("{group}_view"),
        "_organization_viewer",
        "_all_organization_level_resources",
        Principal::user_group(group),
    )?;
    match harness.org(org)?.role_assignments().create(&wanted).await {
        Ok(_) => Ok(Onboarded::Granted),
        Err(error) if error.is_already_exists() => Ok(Onboarded::AlreadyThere),
        Err(error) if error.is_outcome_unknown() => Ok(Onboarded::AskAPerson(error.to_string())),
        // Nothing was changed, and the error says why: the caller decides.
        Err(error) => Err(error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = HarnessFake::start().await?;
    fake.duplicates(HarnessDuplicates::DuplicateField);
    let harness = fake.client()?;
    let show = |what: &str, became| match became {
        Ok(onboarded) => println!("{what}:\n    {onboarded:?}\n"),
        Err(error) => println!("{what}:\n    Err: {error}\n"),
    };

    show("A new group", onboard(&harness, "platform", "sre").await);
    show("The same again", onboard(&harness, "platform", "sre").await);

    fake.next(1, Fault::status(429).retry_after(Duration::from_secs(1)));
    show("The service asks for a second's patience", onboard(&harness, "platform", "web").await);

    // The service acts on this one, but the connection breaks before its answer is out.
    fake.next(1, Fault::reset().after_processing());
    show("The connection breaks", onboard(&harness, "platform", "data").await);

    fake.next(1, Fault::html(403));
    show("A proxy says no", onboard(&harness, "platform", "ops").await);

    println!("The fake holds {} role assignments.", fake.role_assignments("orgs/platform").len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use rolecall::{ClientOptions, RetryPolicy};

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[tokio::test]
    async fn a_new_group_is_granted_its_access() -> Outcome {
        let fake = HarnessFake::start().await?;
        assert_eq!(onboard(&fake.client()?, "platform", "sre").await?, Onboarded::Granted);

        // What the service made of it ...
        let held = fake.role_assignments("orgs/platform");
        let principal = held[0].role_assignment.principal.clone();
        assert_eq!(principal.and_then(|it| it.identifier).as_deref(), Some("sre"));
        // ... and what it was sent. Credentials are masked.
        let request = &fake.received()[0];
        assert_eq!(request.path(), "/v1/orgs/platform/role-assignments");
        assert!(request.body_text().contains(r#""role":"_organization_viewer""#));
        assert_eq!(request.header("x-api-key"), Some("***"));
        Ok(())
    }

    #[tokio::test]
    async fn access_that_is_there_is_fine() -> Outcome {
        let fake = HarnessFake::start().await?;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        let harness = fake.client()?;
        onboard(&harness, "platform", "sre").await?;
        assert_eq!(onboard(&harness, "platform", "sre").await?, Onboarded::AlreadyThere);
        assert_eq!(fake.role_assignments("orgs/platform").len(), 1);
        Ok(())
    }

    /// Newer servers answer a duplicate like any failure of their own, so nobody can tell.
    #[tokio::test]
    async fn a_duplicate_that_is_not_named_one_is_for_a_person() -> Outcome {
        let fake = HarnessFake::start().await?;
        fake.duplicates(HarnessDuplicates::UnknownError);
        let harness = fake.client()?;
        onboard(&harness, "platform", "sre").await?;
        let onboarded = onboard(&harness, "platform", "sre").await?;
        assert!(matches!(onboarded, Onboarded::AskAPerson(_)), "{onboarded:?}");
        Ok(())
    }

    #[tokio::test]
    async fn a_broken_connection_is_for_a_person_and_granted_once() -> Outcome {
        let fake = HarnessFake::start().await?;
        fake.next(1, Fault::reset().after_processing());
        let onboarded = onboard(&fake.client()?, "platform", "sre").await?;
        assert!(matches!(onboarded, Onboarded::AskAPerson(_)), "{onboarded:?}");
        // The point of it all: no second try behind our back.
        assert_eq!(fake.received_count(), 1);
        assert_eq!(fake.role_assignments("orgs/platform").len(), 1);
        Ok(())
    }

    #[tokio::test]
    async fn a_rate_limit_is_waited_out() -> Outcome {
        let fake = HarnessFake::start().await?;
        // No waits that only make a test slow.
        let retry = RetryPolicy::default().base_wait(Duration::ZERO);
        let harness = fake.builder().options(ClientOptions::default().retry(retry)).build()?;
        fake.next(2, Fault::status(429));
        assert_eq!(onboard(&harness, "platform", "sre").await?, Onboarded::Granted);
        assert_eq!(fake.received_count(), 3);
        Ok(())
    }

    #[tokio::test]
    async fn a_refusal_is_the_callers_to_handle() -> Outcome {
        let fake = HarnessFake::start().await?;
        let wrong_key = Harness::builder("obviously-fake").base_url(fake.uri()).build()?;
        let refused = onboard(&wrong_key, "platform", "sre").await;
        assert!(refused.is_err_and(|error| error.is_unauthenticated()));
        assert_eq!(fake.role_assignments("orgs/platform").len(), 0);
        Ok(())
    }

    #[tokio::test]
    async fn what_breaks_a_rule_is_never_sent() -> Outcome {
        let fake = HarnessFake::start().await?;
        let refused = onboard(&fake.client()?, "platform", "no spaces").await;
        assert!(refused.is_err_and(|error| error.is_invalid_request()));
        assert_eq!(fake.received_count(), 0);
        Ok(())
    }
}
