//! A controller that cannot resolve private addresses is as good as any other.
//!
//! The stack (0.8.0) tells the controller the address key of each host that is bonded, and ends when the controller
//! does not know the command. Then the host's own software resolves addresses, as it does anyway.

use bt_hci::{
    ControllerToHostPacket, FromHciBytes,
    cmd::{
        AsyncCmd, Cmd, Error, SyncCmd,
        le::{
            LeAddDeviceToResolvingList, LeClearResolvingList, LeRemoveDeviceFromResolvingList,
            LeSetAddrResolutionEnable, LeSetPrivacyMode, LeSetResolvablePrivateAddrTimeout,
        },
    },
    controller::{Controller, ControllerCmdAsync, ControllerCmdSync},
    data::{AclPacket, IsoPacket, SyncPacket},
    param,
};
use embedded_io::ErrorType;

/// A controller whose ignorance of address resolution is overlooked.
pub(crate) struct Tolerant<C>(pub C);

/// Whether the link works without this command.
fn can_be_missed<T: Cmd>() -> bool {
    [
        LeSetAddrResolutionEnable::OPCODE,
        LeAddDeviceToResolvingList::OPCODE,
        LeRemoveDeviceFromResolvingList::OPCODE,
        LeClearResolvingList::OPCODE,
        LeSetPrivacyMode::OPCODE,
        LeSetResolvablePrivateAddrTimeout::OPCODE,
    ]
    .contains(&T::OPCODE)
}

impl<C: ErrorType> ErrorType for Tolerant<C> {
    type Error = C::Error;
}

impl<C: Controller> Controller for Tolerant<C> {
    type Buffer<'a> = C::Buffer<'a>;

    fn alloc_buf(&self) -> Result<Self::Buffer<'_>, Self::Error> {
        self.0.alloc_buf()
    }

    async fn write_acl_data(&self, packet: &AclPacket<'_>) -> Result<(), Self::Error> {
        self.0.write_acl_data(packet).await
    }

    async fn write_sync_data(&self, packet: &SyncPacket<'_>) -> Result<(), Self::Error> {
        self.0.write_sync_data(packet).await
    }

    async fn write_iso_data(&self, packet: &IsoPacket<'_>) -> Result<(), Self::Error> {
        self.0.write_iso_data(packet).await
    }

    async fn read<'a>(&self, buf: &'a mut Self::Buffer<'_>) -> Result<ControllerToHostPacket<'a>, Self::Error> {
        self.0.read(buf).await
    }
}

impl<C: ControllerCmdSync<T>, T: SyncCmd> ControllerCmdSync<T> for Tolerant<C> {
    async fn exec(&self, cmd: &T) -> Result<T::Return, Error<Self::Error>> {
        match self.0.exec(cmd).await {
            Err(Error::Hci(unknown @ param::Error::UNKNOWN_CMD)) if can_be_missed::<T>() => {
                // All of these return nothing.
                T::Return::from_hci_bytes(&[]).map(|(nothing, _)| nothing).map_err(|_| Error::Hci(unknown))
            }
            answer => answer,
        }
    }
}

impl<C: ControllerCmdAsync<T>, T: AsyncCmd> ControllerCmdAsync<T> for Tolerant<C> {
    async fn exec(&self, cmd: &T) -> Result<(), Error<Self::Error>> {
        self.0.exec(cmd).await
    }
}
