//! How to test your own code against the fakes of `rolecall::testing`.
//!
//! `cargo run --example testing_your_own_code` shows what [`onboard`] does with and without faults;
//! `cargo test --example testing_your_own_code` runs the tests at the end of this file. In your own
//! crate, enable the fakes by `rolecall = { version = "0.2", features = ["testing"] }` under
//! `[dev-dependencies]`.

use std::time::Duration;

use rolecall::harness::{NewRoleAssignment, Principal};
use rolecall::testing::{Fault, HarnessDuplicates, HarnessFake};
use rolecall::{Error, Harness};

/// What became of a group's access.
#[derive(Debug, PartialEq)]
enum Onboarded {
    /// The access was granted.
    Granted,
    /// It was granted before.
    AlreadyThere,
    /// It may have been granted: a person has to check before another attempt.
    AskAPerson(String),
}

/// The code under test: lets a group view an organization. It takes the client instead of making
/// one, so that a test can pass one that points to a fake.
async fn onboard(harness: &Harness, org: &str, group: &str) -> Result<Onboarded, Error> {
    let new = NewRoleAssignment::new(
        format!("{group}_view"),
        "_organization_viewer",
        "_all_organization_level_resources",
        Principal::user_group(group),
    )?;
    match harness.org(org).role_assignments().create(&new).await {
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
    println!("A new group: {:?}", onboard(&harness, "platform", "sre").await);
    println!("The same again: {:?}", onboard(&harness, "platform", "sre").await);

    fake.next(1, Fault::status(429).retry_after(Duration::from_secs(1)));
    println!("After a rate limit: {:?}", onboard(&harness, "platform", "web").await);

    // The service processes this one, but the connection breaks before its response is sent.
    fake.next(1, Fault::reset().after_processing());
    println!("A lost response: {:?}", onboard(&harness, "platform", "data").await);

    fake.next(1, Fault::html(403));
    println!("A proxy refuses: {:?}", onboard(&harness, "platform", "ops").await);
    println!("The fake has {} role assignments.", fake.role_assignments("orgs/platform").len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[tokio::test]
    async fn new_group_is_granted_its_access() -> Outcome {
        let fake = HarnessFake::start().await?;
        assert_eq!(onboard(&fake.client()?, "platform", "sre").await?, Onboarded::Granted);
        // What the service made of it ...
        let held = fake.role_assignments("orgs/platform");
        assert_eq!(held[0].role_assignment.identifier, "sre_view");
        // ... and what it was sent. Credentials are masked.
        let request = &fake.received()[0];
        assert_eq!(request.path(), "/v1/orgs/platform/role-assignments");
        assert_eq!(request.header("x-api-key"), Some("***"));
        Ok(())
    }

    #[tokio::test]
    async fn existing_access_is_fine() -> Outcome {
        let fake = HarnessFake::start().await?;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        onboard(&fake.client()?, "platform", "sre").await?;
        let again = onboard(&fake.client()?, "platform", "sre").await?;
        assert_eq!(again, Onboarded::AlreadyThere);
        Ok(())
    }

    #[tokio::test]
    async fn lost_response_is_for_a_person_and_the_request_is_not_repeated() -> Outcome {
        let fake = HarnessFake::start().await?;
        fake.next(1, Fault::reset().after_processing());
        let onboarded = onboard(&fake.client()?, "platform", "sre").await?;
        assert!(matches!(onboarded, Onboarded::AskAPerson(_)), "{onboarded:?}");
        assert_eq!((fake.received_count(), fake.role_assignments("orgs/platform").len()), (1, 1));
        Ok(())
    }

    #[tokio::test]
    async fn invalid_group_is_never_sent() -> Outcome {
        let fake = HarnessFake::start().await?;
        let refused = onboard(&fake.client()?, "platform", "no spaces").await;
        assert!(refused.is_err_and(|error| error.is_invalid_request()));
        assert_eq!(fake.received_count(), 0);
        Ok(())
    }
}
