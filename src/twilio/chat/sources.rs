//! The sources of a snapshot of a Chat service.

use super::{ListedChannel, Service, ServiceDetails};
use crate::access::{Scope, Source};
use crate::transport::Items;
use crate::twilio::shared::{enumeration, named_channel, named_scope, source};

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
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        let sid = self.place.sid();
        let scope = named_scope(None, sid.as_ref(), None);
        let this = self.clone();
        let parts = Items::from_call(self.get()).flat_map(move |details: ServiceDetails| {
            let account = details.account_sid.as_ref();
            this.parts(&named_scope(account, sid.as_ref(), details.friendly_name))
        });
        vec![enumeration(&self.transport, "users and channels", &scope, parts)]
    }

    fn parts(&self, scope: &Scope) -> [Source; 2] {
        let (this, service) = (self.clone(), scope.clone());
        let channels = self.channels().list().page_size(100).items();
        let channels = channels.map(move |channel: ListedChannel| {
            let sid = channel.sid.map(|sid| sid.to_string()).unwrap_or_default();
            let name = channel.friendly_name.or(channel.unique_name);
            let scope = named_channel(&sid, name, &service);
            source(&this.transport, scope, &this.channel(&*sid).members())
        });
        [
            source(&self.transport, scope.clone(), &self.users()),
            enumeration(&self.transport, "channels", scope, channels),
        ]
    }
}
