//! PostgreSQL as a process of this machine, run as its image runs it: by the same variables, with a cluster of databases
//! that is made where there is none. It refuses to run as root, and so somebody else runs it then.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use crate::worlds::process::own_user;
use crate::worlds::real::place::{Component, PlaceError};

/// `sh BIN DATA ARGUMENT…`
const SCRIPT: &str = r#"
set -e
bin=$1
data=$2
shift 2
if [ ! -e "$data/PG_VERSION" ]; then
    umask 077
    printf %s "$POSTGRES_PASSWORD" >"$data.password"
    "$bin/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile="$data.password" --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >/dev/null
    rm "$data.password"
    if [ "$POSTGRES_DB" != postgres ]; then
        printf 'CREATE DATABASE "%s";\n' "$POSTGRES_DB" | "$bin/postgres" --single -D "$data" postgres >/dev/null
    fi
fi
exec "$bin/postgres" -D "$data" "$@"
"#;

/// Who runs it in place of root, the first that there is.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// What runs it as the component wants it.
pub fn command(program: &Path, component: &Component, address: SocketAddr) -> Result<Command, PlaceError> {
    let own = own_user().map_err(|error| PlaceError(format!("it is not known who runs this: {error}")))?;
    let mut command = match own {
        0 => as_somebody_else(component)?,
        _ => Command::new("/bin/sh"),
    };
    command.args(["-c", SCRIPT, "sh"]);
    command.arg(program.parent().unwrap_or(program)).arg(component.folder.join("data"));
    command.args(component.arguments(address));
    let settings = [
        format!("listen_addresses={}", address.ip()),
        format!("port={}", address.port()),
        "unix_socket_directories=".to_owned(),
        // In its own folder, so that nothing of it stays elsewhere.
        "dynamic_shared_memory_type=mmap".to_owned(),
    ];
    command.args(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    command.env("LC_ALL", "C");
    Ok(command)
}

/// A shell of the user who runs it, and the component's folder is theirs.
fn as_somebody_else(component: &Component) -> Result<Command, PlaceError> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let Some((uid, gid)) = USERS.iter().find_map(|user| ids(&users, user)) else {
        return Err(PlaceError(
            "PostgreSQL refuses to run as root, and there is no other user here".to_owned(),
        ));
    };
    hand_over(&component.folder, uid, gid).map_err(|error| {
        PlaceError(format!(
            "{} can't be given to the user {uid} of PostgreSQL: {error}",
            component.folder.display()
        ))
    })?;
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
    command.arg("/bin/sh");
    Ok(command)
}

/// The folder becomes theirs, and they may go through those above it that are ours alone, without looking around.
fn hand_over(folder: &Path, uid: u32, gid: u32) -> io::Result<()> {
    chown(folder, Some(uid), Some(gid))?;
    let world = folder.parent().unwrap_or(folder);
    for above in [Some(world), world.parent()].into_iter().flatten() {
        chown(above, None, Some(gid))?;
        std::fs::set_permissions(above, Permissions::from_mode(0o710))?;
    }
    Ok(())
}

fn ids(users: &str, wanted: &str) -> Option<(u32, u32)> {
    let line = users.lines().find_map(|line| line.strip_prefix(wanted)?.strip_prefix(':'))?;
    let mut fields = line.split(':').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_their_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres-old:x:7:8::/:/bin/sh\npostgres:x:101:104:,,,:/:/bin/bash\n";
        assert_eq!(ids(users, "postgres"), Some((101, 104)));
        assert_eq!(ids(users, "nobody"), None);
        assert_eq!(ids("postgres:x:a:b\n", "postgres"), None);
    }
}
