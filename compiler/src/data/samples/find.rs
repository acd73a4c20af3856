//! Which arrays belong to which inputs.

use super::archive::Archive;
use super::array::ArrayFile;
use super::{Keys, Spec};
use crate::Error;
use crate::data::is_name_of;
use crate::ir::program::Port;
use std::path::Path;

/// Where the samples of an input are.
pub(super) enum Found {
    /// In one array.
    Stacked(ArrayFile),
    /// Each in a file; there is at least one.
    Files(Vec<ArrayFile>),
}

/// The arrays of `inputs`, in their order.
pub(super) fn find(spec: &Spec, inputs: &[Port]) -> Result<Vec<Found>, Error> {
    if inputs.is_empty() {
        return Err(Error::samples("the model has no inputs", "there is nothing to give it"));
    }
    if spec.path.is_dir() {
        return inputs.iter().map(|port| in_folder(&spec.path, port, inputs)).collect();
    }
    if spec.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
        let array = ArrayFile::npy(&spec.path);
        return match inputs {
            [_] => Ok(vec![Found::Stacked(array)]),
            _ => Err(several(&array.label(), inputs)),
        };
    }
    let archive = Archive::open(&spec.path)?;
    let named = |key: &str| {
        archive.get(key).map(Found::Stacked).ok_or_else(|| {
            let message = format!("{}: there is no array `{}`", spec.path.display(), key.escape_debug());
            Error::samples(message, archive.describe())
        })
    };
    let by_name = |port: &Port| {
        let only = || archive.only().filter(|_| inputs.len() == 1);
        let found = archive.find(|name| is_name_of(name, &port.name)).or_else(only);
        found.map(Found::Stacked)
    };
    match &spec.keys {
        Keys::One(key) => match inputs {
            [_] => Ok(vec![named(key)?]),
            _ => Err(several(&spec.path.display().to_string(), inputs)),
        },
        Keys::ByName => all(&archive, inputs, &by_name),
        Keys::ByNameElse(key) => match (inputs, archive.get(key)) {
            ([port], Some(array)) => Ok(vec![by_name(port).unwrap_or(Found::Stacked(array))]),
            _ => all(&archive, inputs, &by_name),
        },
        Keys::Each(pairs) => {
            if let Some((unknown, _)) = pairs.iter().find(|(name, _)| inputs.iter().all(|p| p.name != *name)) {
                let message = format!("the model has no input `{}`", unknown.escape_debug());
                return Err(Error::samples(message, format!("its inputs are {}", names(inputs))));
            }
            let key = |port: &Port| pairs.iter().find(|(name, _)| *name == port.name);
            for (_, key) in inputs.iter().filter_map(key) {
                named(key)?;
            }
            all(&archive, inputs, &|port| match key(port) {
                Some((_, key)) => named(key).ok(),
                None => by_name(port),
            })
        }
    }
}

/// What is found for every input, or an error that names all inputs for which there is nothing.
fn all(archive: &Archive, inputs: &[Port], find: &dyn Fn(&Port) -> Option<Found>) -> Result<Vec<Found>, Error> {
    let mut missing = vec![];
    let mut found = vec![];
    for port in inputs {
        match find(port) {
            Some(array) => found.push(array),
            None => missing.push(port.clone()),
        }
    }
    let file = archive.path.display();
    let message = match missing.len() {
        0 => return Ok(found),
        1 => format!("{file}: there is no array named like input {}", names(&missing)),
        _ => format!("{file}: there are no arrays named like the inputs {}", names(&missing)),
    };
    let how = match inputs {
        [_] => format!("name the array: {file}:KEY"),
        _ => format!("name the arrays: {file}:INPUT=KEY,INPUT=KEY"),
    };
    Err(Error::samples(message, format!("{}; {how}", archive.describe())))
}

fn in_folder(folder: &Path, port: &Port, inputs: &[Port]) -> Result<Found, Error> {
    let list = |folder: &Path| {
        let mut paths = vec![];
        for entry in std::fs::read_dir(folder).map_err(|e| Error::io(folder, e))? {
            paths.push(entry.map_err(|e| Error::io(folder, e))?.path());
        }
        paths.sort();
        Ok::<_, Error>(paths)
    };
    let is_of_input = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_dir() && is_name_of(&name, &port.name)
    };
    let paths = list(folder)?;
    let own = match paths.iter().find(|p| is_of_input(p)) {
        Some(own) => own.as_path(),
        None if inputs.len() == 1 => folder,
        None => {
            let message = format!(
                "{}: there is no folder for input `{}`",
                folder.display(),
                port.name.escape_debug()
            );
            let help = format!(
                "a model with several inputs takes a sub-folder of .npy files for each: {}",
                names(inputs)
            );
            return Err(Error::samples(message, help));
        }
    };
    let is_npy = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    let files = if own == folder { paths.clone() } else { list(own)? };
    let files: Vec<_> = files.iter().filter(|p| is_npy(p)).map(ArrayFile::npy).collect();
    match files.is_empty() {
        false => Ok(Found::Files(files)),
        true => Err(Error::samples(
            format!("{}: there are no .npy files", own.display()),
            "np.save writes them; each is one sample",
        )),
    }
}

fn several(file: &str, inputs: &[Port]) -> Error {
    let message = format!(
        "{file}: one array is not enough: the model has inputs {}",
        names(inputs)
    );
    Error::samples(message, "name an array for each: FILE.npz:INPUT=KEY,INPUT=KEY")
}

fn names(inputs: &[Port]) -> String {
    let names: Vec<_> = inputs.iter().map(|p| format!("`{}`", p.name.escape_debug())).collect();
    names.join(", ")
}
