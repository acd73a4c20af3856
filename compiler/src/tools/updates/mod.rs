//! Keys and signatures of weights that devices take as updates. What a device makes of them is in
//! `runtime_core::updates`, and files that are not signed yet in [`blob`](crate::data::blob).

mod cipher_key;
mod key_file;
mod secret_key;
mod sign;

pub use cipher_key::CipherKey;
pub use runtime_core::updates::PublicKey;
pub use secret_key::{SecretKey, public_key_constant};
pub use sign::{encrypted, sign, sign_file};
