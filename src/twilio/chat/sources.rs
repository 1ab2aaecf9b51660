//! The sources of a snapshot of a Chat service.

use super::Service;
use crate::access::{Scope, Source};
use crate::transport::Items;
use crate::twilio::shared::{of_service, parts};

impl Service {
    /// Returns the sources of a snapshot: the users with their roles over the service, and the members of
    /// every channel with theirs in it. The service is read first, for the account that it belongs to.
    /// (An invite is no role yet.)
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::access::Snapshot;
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::NewMember;
    ///
    /// const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// let fake = TwilioChatFake::start().await?;
    /// fake.add_channel(SERVICE, "support", "private");
    /// let service = fake.client()?.service(SERVICE);
    /// service.channel("support").members().create(&NewMember::new("alice")?).await?;
    ///
    /// let snapshot = Snapshot::collect(service.sources()).in_memory().await;
    /// assert!(snapshot.is_complete(), "{}", snapshot.table());
    /// let kinds: Vec<_> = snapshot.assignments.iter().map(|it| it.scope.kind.as_ref()).collect();
    /// assert_eq!(kinds, [Some(&"channel".into()), Some(&"chat_service".into())]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn sources(&self) -> Vec<Source> {
        let this = self.clone();
        let read = Items::from_call(self.get()).map(|it| (it.account_sid, it.friendly_name));
        let parts = move |scope: &Scope| this.parts(scope);
        of_service(&self.transport, &self.place, "users and channels", read, parts)
    }

    fn parts(&self, scope: &Scope) -> [Source; 2] {
        let channels = self.channels().list().page_size(100).items().map(|it| {
            let sid = it.sid.map(|sid| sid.to_string()).unwrap_or_default();
            (sid, it.friendly_name.or(it.unique_name))
        });
        let this = self.clone();
        let members = move |sid: &str| this.channel(sid).members();
        parts(&self.transport, scope, &self.users(), "channels", channels, members)
    }
}
