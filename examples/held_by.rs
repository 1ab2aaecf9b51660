//! Lists a person's assignments at every service that knows e-mail addresses, including those
//! through user groups at Harness: `held_by EMAIL TWILIO_ORGANIZATION REDOX_ORGANIZATION`, with the
//! variables of each client. Each line is an assignment as JSON. Twilio Chat and Conversations know
//! only identities, and Harness omits what its API key may not view.

use rolecall::access::{Assignment, ReadAssignments};
use rolecall::harness::{Principal, RoleAssignmentSearch, UserFilter};
use rolecall::{Deepset, Harness, Redox, TwilioIam, twilio::iam};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [email, twilio, redox] = &arguments[..] else { return Err("three arguments".into()) };
    let show = |held: &Assignment| println!("{}", serde_json::json!(held));
    let twilio = TwilioIam::from_env()?.organization(twilio);
    let users = twilio.users().list().filter(iam::UserFilter::user_name(email)).items();
    for user in users.try_collect().await? {
        let held = twilio.role_assignments().list().identity(user.id).read_assignments();
        held.try_collect().await?.iter().for_each(show);
    }
    let account = Harness::from_env()?.account();
    let users = account.users().search(&UserFilter::new().emails([email])).items();
    for user in users.try_collect().await? {
        let of_user = RoleAssignmentSearch::new().principal(Principal::user(user.uuid.as_str()));
        let held = account.role_assignments().search(&of_user).read_assignments();
        held.try_collect().await?.iter().for_each(show);
    }
    let (client, deepset) = (Redox::from_env()?, Deepset::from_env()?);
    let redox = client.organization(redox);
    let mut all = redox.role_assignments().read_assignments().try_collect().await?;
    for environment in redox.environments().list().items().try_collect().await? {
        let held = client.environment(environment.id).role_assignments().read_assignments();
        all.extend(held.try_collect().await?);
    }
    all.extend(deepset.users().read_assignments().try_collect().await?);
    all.retain(|held| held.principal.email.iter().any(|own| own.eq_ignore_ascii_case(email)));
    all.iter().for_each(show);
    Ok(())
}
