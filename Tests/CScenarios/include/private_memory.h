/// What the harness of the scenarios needs from Linux.

#ifndef CSCENARIOS_PRIVATE_MEMORY_H
#define CSCENARIOS_PRIVATE_MEMORY_H

/// Gives this process and its children a /dev/shm of their own, empty, which ends with them. Does nothing without root's
/// privileges. The C functions are `unshare` and `mount`.
void scenarios_use_private_memory(void);

#endif
