//! A conversation with an MQTT broker (MQTT 3.1.1): connect, tell and be sure that it was taken.

use std::{future::Future, path::PathBuf, pin::Pin, time::Duration};

use rumqttc::{AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, QoS};
use tokio::{sync::watch, time::timeout};

use super::message::Message;
use crate::{
    config::{HomeAssistant, SecretError, read_secret},
    trouble::Cause,
};

/// Whoever does not answer within this is taken for gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A connection without a word for so long is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Messages that wait to be sent; more than are ever told together.
const WAITING_MOST: usize = 16;

/// Where a broker is and how it lets this program in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Address and port, as the settings have them.
    pub address: String,
    /// The name that it knows this program by.
    pub user: Option<String>,
    /// Where the password for it lies.
    pub secret: Option<PathBuf>,
}

impl Broker {
    /// The one of these settings, if there is one.
    pub fn of(settings: &HomeAssistant) -> Option<Self> {
        let HomeAssistant { broker, user, secret, .. } = settings;
        (broker != "off").then(|| Self { address: broker.clone(), user: user.clone(), secret: secret.clone() })
    }
}

/// Why a broker cannot be told anything. Nothing of the person is affected.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers there.
    #[error(
        "the MQTT broker at {broker} cannot be reached ({why}); displays show nothing new, and nothing is lost. Check \
         `[home_assistant] broker`, and that the broker runs; it is tried again by itself"
    )]
    Unreachable {
        /// Where.
        broker: String,
        /// What the system says.
        why: String,
    },
    /// It refuses.
    #[error(
        "the MQTT broker at {broker} does not let Brisk in ({why}); displays show nothing new, and nothing is lost. \
         Check `[home_assistant] user` and the password in the file of `secret`; it is tried again by itself"
    )]
    Refused {
        /// Where.
        broker: String,
        /// What it says.
        why: &'static str,
    },
    /// Something else answers there.
    #[error(
        "what answers at {broker} is no MQTT broker; displays show nothing new, and nothing is lost. Check \
         `[home_assistant] broker`: brokers mostly listen at port 1883"
    )]
    Stranger {
        /// Where.
        broker: String,
    },
    /// The password cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl Trouble {
    fn of(broker: &Broker, error: &ConnectionError) -> Self {
        let broker = broker.address.clone();
        let unreachable = |why: &str| Self::Unreachable { broker: broker.clone(), why: why.to_owned() };
        match error {
            ConnectionError::ConnectionRefused(code) => match code {
                ConnectReturnCode::BadUserNamePassword => {
                    Self::Refused { broker, why: "it does not know this name with this password" }
                }
                ConnectReturnCode::NotAuthorized => Self::Refused { broker, why: "name or password are not right" },
                ConnectReturnCode::BadClientId => Self::Refused { broker, why: "it refuses this program's name" },
                ConnectReturnCode::RefusedProtocolVersion => Self::Stranger { broker },
                ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => unreachable("it is not ready"),
            },
            ConnectionError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => Self::Stranger { broker },
            ConnectionError::Io(error) => unreachable(&error.to_string()),
            ConnectionError::NotConnAck(_) => Self::Stranger { broker },
            ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => unreachable("it does not answer"),
            ConnectionError::MqttState(_) | ConnectionError::RequestsDone => unreachable("the connection broke off"),
        }
    }

    /// What `brisk doctor` calls it.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Unreachable { .. } | Self::Stranger { .. } => Cause::BrokerSilent,
            Self::Refused { .. } | Self::Secret(_) => Cause::BrokerRefuses,
        }
    }
}

/// A connection that stands. Dropped, it breaks off: the broker then tells the last will.
pub struct Connection {
    client: AsyncClient,
    /// Sends, receives and keeps alive as long as it is polled; ends with the connection. It is never dropped while the
    /// connection is in use, so that no message is torn.
    traffic: Pin<Box<dyn Future<Output = Trouble> + Send>>,
    /// How many messages the broker has confirmed.
    confirmed: watch::Receiver<u32>,
    told: u32,
    broker: Broker,
}

impl Connection {
    /// Connects under this name, which nobody else may use there. The password is read now, so that a corrected one is
    /// found.
    ///
    /// # Errors
    /// When the broker is not there or does not want it.
    pub async fn open(broker: &Broker, name: &str, will: Option<Message>) -> Result<Self, Trouble> {
        let stranger = || Trouble::Stranger { broker: broker.address.clone() };
        let (host, port) = broker.address.rsplit_once(':').ok_or_else(stranger)?;
        let mut options = MqttOptions::new(name, host, port.parse().map_err(|_| stranger())?);
        options.set_keep_alive(KEEP_ALIVE).set_clean_session(true);
        if let Some(user) = &broker.user {
            let password = broker.secret.as_deref().map(read_secret).transpose()?;
            options.set_credentials(user, password.as_ref().map_or("", |password| password.reveal()));
        }
        if let Some(Message { topic, text, kept }) = will {
            options.set_last_will(LastWill::new(topic, text, QoS::AtLeastOnce, kept));
        }
        let (client, mut events) = AsyncClient::new(options, WAITING_MOST);
        let opened = timeout(ANSWER_WITHIN, async {
            loop {
                if let Event::Incoming(Packet::ConnAck(_)) = events.poll().await? {
                    return Ok(());
                }
            }
        });
        opened.await.unwrap_or(Err(ConnectionError::NetworkTimeout)).map_err(|error| Trouble::of(broker, &error))?;
        let (confirm, confirmed) = watch::channel(0);
        let traffic = Box::pin(carry(events, confirm, broker.clone()));
        Ok(Self { client, traffic, confirmed, told: 0, broker: broker.clone() })
    }

    /// Tells; the broker has confirmed everything when this returns.
    ///
    /// # Errors
    /// When it does not.
    pub async fn tell(&mut self, messages: Vec<Message>) -> Result<(), Trouble> {
        let Self { client, traffic, confirmed, told, broker } = self;
        let telling = async {
            for Message { topic, text, kept } in messages {
                // Fails only when the traffic has ended, and then that says why.
                if client.publish(topic, QoS::AtLeastOnce, kept, text).await.is_err() {
                    return std::future::pending().await;
                }
                *told += 1;
            }
            let told = *told;
            if confirmed.wait_for(|confirmed| *confirmed >= told).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            trouble = traffic => Err(trouble),
            told = timeout(ANSWER_WITHIN, telling) => told.map_err(|_| Trouble::of(broker, &ConnectionError::NetworkTimeout)),
        }
    }

    /// Waits until the connection ends; why it did.
    pub async fn ended(&mut self) -> Trouble {
        (&mut self.traffic).await
    }
}

/// Carries messages until the connection ends.
async fn carry(mut events: EventLoop, confirm: watch::Sender<u32>, broker: Broker) -> Trouble {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::PubAck(_))) => confirm.send_modify(|confirmed| *confirmed += 1),
            Ok(_) => {}
            Err(error) => return Trouble::of(&broker, &error),
        }
    }
}
