//! A flag for each output that is reported separately: its name and help are those of the table of outputs.

use clap::{Arg, ArgAction, ArgMatches, Command, Error};

use crate::portfolio::{Further, Outputs};

/// The flags.
#[derive(Debug)]
pub struct FurtherArgs {
    pub asked: Outputs,
}

impl clap::Args for FurtherArgs {
    fn augment_args(command: Command) -> Command {
        let flag = |f: Further| Arg::new(f.name()).long(f.name()).help(f.help()).action(ArgAction::SetTrue);
        command.args(Further::ALL.map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for FurtherArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<FurtherArgs, Error> {
        let asked = Further::ALL.into_iter().filter(|further| matches.get_flag(further.name())).collect();
        Ok(FurtherArgs { asked })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = FurtherArgs::from_arg_matches(matches)?;
        Ok(())
    }
}
