//! `edgec keygen`, `edgec sign` and `edgec pack`.

use super::update_args::{KeygenArgs, PackArgs, SignArgs};
use super::{note, print};
use edgec::data::blob;
use edgec::tools::updates::{self, CipherKey, SecretKey};
use edgec::words::hex;
use edgec::{Error, Weights};
use std::process::ExitCode;

/// `edgec keygen`: prints the public key as firmware holds it, of a new key or of one that is there.
pub(super) fn keygen(args: &KeygenArgs) -> miette::Result<ExitCode> {
    let file = args.key.display();
    if args.cipher {
        CipherKey::generate()?.write(&args.key, args.force)?;
        note(&format!(
            "{file} holds the new key: the firmware needs it too, nobody else does\n"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let key = if args.public {
        SecretKey::read(&args.key)?
    } else {
        let key = SecretKey::generate()?;
        key.write(&args.key, args.force)?;
        note(&format!(
            "{file} holds the new secret key, {file}.pub the public one:\n"
        ));
        key
    };
    print(&updates::public_key_constant(&key.public_key()))?;
    Ok(ExitCode::SUCCESS)
}

/// `edgec sign`.
pub(super) fn sign(args: &SignArgs) -> miette::Result<ExitCode> {
    updates::sign_file(&args.weights, &args.key, args.revision, &args.output, args.force)?;
    let (output, revision) = (args.output.display(), args.revision);
    note(&format!("{output} is signed, as revision {revision}\n"));
    Ok(ExitCode::SUCCESS)
}

/// `edgec pack MODEL.onnx --weights-only`.
pub(super) fn pack(args: &PackArgs) -> miette::Result<ExitCode> {
    let compiler = args
        .target
        .apply(args.stream.apply(args.state.apply(args.model.compiler()?)));
    let compiler = args.self_test.apply(args.quantize.apply(compiler)?)?;
    let mut compiler = compiler.weights(Weights::Updatable).force(args.force);
    for read in args.code.iter().chain(&args.encrypt).chain(&args.key) {
        compiler = compiler.reads(read);
    }
    let compiled = compiler.compile()?;
    let block = match &args.code {
        Some(code) => compiler.weights_for(&compiled, code)?,
        None => compiler.block(&compiled)?,
    };
    if let Some(asked) = args.hash.as_ref().filter(|hash| hash.0 != block.structure) {
        Err(Error::Usage {
            message: format!(
                "the weights are for code of structure {}, not {}",
                hex(&block.structure),
                hex(&asked.0)
            ),
            help: Some("give the same options as for that code; --for MODEL.rs says where they differ".into()),
        })?;
    }
    let mut packed = match &args.encrypt {
        Some(key) => updates::encrypted(&block, &CipherKey::read(key)?)?,
        None => blob::unsigned(block.structure, &block.bytes),
    };
    if let (Some(key), Some(revision)) = (&args.key, args.revision) {
        packed = updates::sign(&packed, &SecretKey::read(key)?, revision)?;
    }
    compiler.write_weights(&compiled, &args.output, &packed)?;
    note(&format!(
        "{} bytes of weights for code of structure {}{}\n",
        block.bytes.len(),
        hex(&block.structure),
        match args.revision {
            Some(revision) => format!(", signed as revision {revision}"),
            None => "; not signed yet".to_owned(),
        }
    ));
    Ok(ExitCode::SUCCESS)
}
