use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The arguments of what is done to a model, where there may be none: there if there is a model. An `Option` does not
/// serve, as clap does not see that an optional group is there if it holds another.
#[derive(Debug)]
pub(super) struct IfModel<T>(pub(super) Option<T>);

impl<T: Args> FromArgMatches for IfModel<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = matches.contains_id("model");
        let args = given.then(|| T::from_arg_matches(matches)).transpose()?;
        Ok(Self(args))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<T: Args> Args for IfModel<T> {
    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}
