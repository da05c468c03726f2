//! Pairing on a machine without screen or keyboard: an agent of our own that lets whoever asked for the
//! pairing type or compare the six digits elsewhere.
//!
//! The agent exists only while a pairing that a person asked for is under way, is not the system's
//! default, and answers for the one counter that is being paired: every other request is refused.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dbus::{
    MethodErr, Path,
    channel::MatchingReceiver as _,
    message::MatchRule,
    nonblock::{Proxy, SyncConnection},
};
use dbus_crossroads::{Context, Crossroads};
use tokio::sync::{mpsc, oneshot};

use super::{Bluez, CALL_WITHIN, DEVICE, SERVICE, of_call};
use crate::radio::RadioError;

/// Where on the bus our agent stands.
const AGENT: &str = "/org/brisk/agent";
/// What this machine can do, the person on the other end of the page included: show and type digits.
const CAPABILITY: &str = "KeyboardDisplay";
/// A counter shows its digits for about this long (Bluetooth Core, Vol 3, Part H, 3.4: the Security Manager's timer).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Pairing with one question in it, and what goes before and after.
const PAIR_WITHIN: Duration = Duration::from_secs(60);

/// What the person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// To type the six digits that the counter shows.
    TypeDigits,
    /// Whether the counter shows the same six digits.
    Compare(u32),
    /// The counter wants these digits typed into it; nothing to answer.
    Show(u32),
}

/// A person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The digits.
    Digits(u32),
    /// They are the same.
    Yes,
    /// They are not, or the person does not want to.
    No,
}

/// Where questions go; the answer comes back through the second half. Dropping it is a no.
pub type Questions = mpsc::Sender<(Question, oneshot::Sender<Answer>)>;

/// How well a pairing is protected against somebody in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairedHow {
    /// Nobody compared anything.
    JustWorks,
    /// Digits were typed or compared.
    Digits,
}

/// Why pairing failed.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The digits were wrong, or the counter or the person said no.
    #[error("the counter did not accept: wrong digits, or it was refused on one side")]
    Refused,
    /// Nobody answered in time.
    #[error("the digits were not answered within {} seconds", ANSWER_WITHIN.as_secs())]
    NotAnswered,
    /// The counter did not answer.
    #[error("the counter did not answer while pairing")]
    Silent,
    /// The radio failed.
    #[error(transparent)]
    Radio(#[from] RadioError),
}

struct Asked {
    device: Path<'static>,
    questions: Questions,
    how: Mutex<PairedHow>,
    unanswered: Mutex<bool>,
}

impl Asked {
    /// Asks the person, for the counter that is being paired and no other.
    async fn ask(&self, device: &Path<'static>, question: Question) -> Result<Answer, MethodErr> {
        if *device != self.device {
            return Err(rejected());
        }
        *self.how.lock().unwrap_or_else(PoisonError::into_inner) = PairedHow::Digits;
        let (sender, answer) = oneshot::channel();
        let asked = self.questions.send((question, sender)).await;
        match (asked, tokio::time::timeout(ANSWER_WITHIN, answer).await) {
            (Ok(()), Ok(Ok(Answer::No) | Err(_))) | (Err(_), _) => Err(rejected()),
            (Ok(()), Ok(Ok(answer))) => Ok(answer),
            (Ok(()), Err(_)) => {
                *self.unanswered.lock().unwrap_or_else(PoisonError::into_inner) = true;
                Err(MethodErr::from(("org.bluez.Error.Canceled", "nobody answered")))
            }
        }
    }
}

fn rejected() -> MethodErr {
    MethodErr::from(("org.bluez.Error.Rejected", "refused"))
}

impl Bluez {
    /// Pairs with a counter; the person is asked through `questions`.
    ///
    /// # Errors
    /// When it came to nothing. A half-made pairing is then forgotten by `BlueZ` itself.
    pub async fn pair(&self, device: &Path<'static>, questions: Questions) -> Result<PairedHow, PairError> {
        let asked = Arc::new(Asked {
            device: device.clone(),
            questions,
            how: Mutex::new(PairedHow::JustWorks),
            unanswered: Mutex::new(false),
        });
        let agent = Agent::register(self, Arc::clone(&asked)).await?;
        let paired: Result<(), dbus::Error> = self.proxy(device, PAIR_WITHIN).method_call(DEVICE, "Pair", ()).await;
        agent.unregister().await;
        let unanswered = *asked.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        match paired {
            Ok(()) => {}
            Err(error) if error.name() == Some("org.bluez.Error.AlreadyExists") => {}
            Err(_) if unanswered => return Err(PairError::NotAnswered),
            Err(error) => return Err(of_pairing(error)),
        }
        let how = *asked.how.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(how)
    }
}

fn of_pairing(error: dbus::Error) -> PairError {
    match error.name() {
        Some(
            "org.bluez.Error.AuthenticationFailed"
            | "org.bluez.Error.AuthenticationRejected"
            | "org.bluez.Error.AuthenticationCanceled",
        ) => PairError::Refused,
        Some(
            "org.bluez.Error.AuthenticationTimeout"
            | "org.bluez.Error.ConnectionAttemptFailed"
            | "org.freedesktop.DBus.Error.NoReply"
            | "org.freedesktop.DBus.Error.Timeout",
        ) => PairError::Silent,
        _ => PairError::Radio(of_call(error)),
    }
}

/// Our agent while it stands on the bus.
struct Agent {
    bus: Arc<SyncConnection>,
    calls: dbus::channel::Token,
}

impl Agent {
    async fn register(bluez: &Bluez, asked: Arc<Asked>) -> Result<Self, RadioError> {
        let mut objects = Crossroads::new();
        let spawn = Box::new(|work| drop(tokio::spawn(work)));
        objects.set_async_support(Some((Arc::clone(&bluez.bus) as _, spawn)));
        let interface = objects.register("org.bluez.Agent1", methods);
        objects.insert(AGENT, &[interface], asked);
        let objects = Mutex::new(objects);
        let calls = bluez.bus.start_receive(
            MatchRule::new_method_call(),
            Box::new(move |message, bus| {
                let handled = objects.lock().unwrap_or_else(PoisonError::into_inner).handle_message(message, bus);
                if handled.is_err() {
                    tracing::debug!("a call to the pairing agent could not be answered");
                }
                true
            }),
        );
        let this = Self { bus: Arc::clone(&bluez.bus), calls };
        let registered: Result<(), _> = this
            .manager()
            .method_call("org.bluez.AgentManager1", "RegisterAgent", (Path::from(AGENT), CAPABILITY))
            .await;
        if let Err(error) = registered {
            this.bus.stop_receive(this.calls);
            return Err(of_call(error));
        }
        Ok(this)
    }

    async fn unregister(self) {
        let gone: Result<(), dbus::Error> =
            self.manager().method_call("org.bluez.AgentManager1", "UnregisterAgent", (Path::from(AGENT),)).await;
        if let Err(error) = gone {
            tracing::debug!(%error, "the pairing agent was gone already");
        }
        self.bus.stop_receive(self.calls);
    }

    fn manager(&self) -> Proxy<'static, Arc<SyncConnection>> {
        Proxy::new(SERVICE, "/org/bluez", CALL_WITHIN, Arc::clone(&self.bus))
    }
}

/// org.bluez.Agent1, as `doc/agent-api.txt` of `BlueZ` describes it.
fn methods(b: &mut dbus_crossroads::IfaceBuilder<Arc<Asked>>) {
    b.method_with_cr_async(
        "RequestPasskey",
        ("device",),
        ("passkey",),
        |mut ctx, objects, (device,): (Path<'static>,)| {
            let asked = asked(objects, &ctx);
            async move {
                let answer = match asked {
                    Some(asked) => asked.ask(&device, Question::TypeDigits).await,
                    None => Err(rejected()),
                };
                ctx.reply(match answer {
                    Ok(Answer::Digits(digits)) if digits <= 999_999 => Ok((digits,)),
                    Ok(_) => Err(rejected()),
                    Err(error) => Err(error),
                })
            }
        },
    );
    b.method_with_cr_async(
        "RequestConfirmation",
        ("device", "passkey"),
        (),
        |mut ctx, objects, (device, digits): (Path<'static>, u32)| {
            let asked = asked(objects, &ctx);
            async move {
                let answer = match asked {
                    Some(asked) => asked.ask(&device, Question::Compare(digits)).await,
                    None => Err(rejected()),
                };
                ctx.reply(answer.map(|_| ()))
            }
        },
    );
    b.method_with_cr_async(
        "DisplayPasskey",
        ("device", "passkey", "entered"),
        (),
        |mut ctx, objects, (device, digits, entered): (Path<'static>, u32, u16)| {
            let asked = asked(objects, &ctx).filter(|asked| asked.device == device && entered == 0);
            async move {
                if let Some(asked) = asked {
                    *asked.how.lock().unwrap_or_else(PoisonError::into_inner) = PairedHow::Digits;
                    // Nobody has to answer; that nobody looks is no failure either.
                    if asked.questions.send((Question::Show(digits), oneshot::channel().0)).await.is_err() {
                        tracing::debug!("nobody sees the digits");
                    }
                }
                ctx.reply(Ok(()))
            }
        },
    );
    // "Just Works": the person has asked for this pairing, and there is nothing to compare.
    b.method(
        "RequestAuthorization",
        ("device",),
        (),
        |_, asked: &mut Arc<Asked>, (device,): (Path<'static>,)| {
            if device == asked.device { Ok(()) } else { Err(rejected()) }
        },
    );
    b.method(
        "AuthorizeService",
        ("device", "uuid"),
        (),
        |_, asked: &mut Arc<Asked>, (device, _): (Path<'static>, String)| {
            if device == asked.device { Ok(()) } else { Err(rejected()) }
        },
    );
    b.method(
        "RequestPinCode",
        ("device",),
        ("pincode",),
        |_, _, (_,): (Path<'static>,)| -> Result<(String,), MethodErr> {
            // Of the time before Low Energy: no counter asks for it.
            Err(rejected())
        },
    );
    b.method("Cancel", (), (), |_, _, ()| Ok(()));
    b.method("Release", (), (), |_, _, ()| Ok(()));
}

fn asked(objects: &mut Crossroads, ctx: &Context) -> Option<Arc<Asked>> {
    objects.data_mut::<Arc<Asked>>(ctx.path()).map(|asked| Arc::clone(asked))
}
