//! Which boot of the machine this is: pids and monotonic times mean something only within one.

/// The kernel's random id of this boot; none where `/proc` is not mounted, and nothing may then be taken for granted.
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}
