/* The network of one slot. */
#ifndef JAILER_NET_H
#define JAILER_NET_H

#include "jailer.h"

#define GATEWAY_TEXT "169.254.77.1" /* the host's address on every slot's link */

/* At start: the links' MTU is the least of the host's uplinks'. */
void net_setup(void);
/* Makes the veth pair, addresses, routes and sysctls of a slot whose network namespace is `netns`.
 */
int net_make(const struct conf *conf, unsigned slot, int netns);
/* Removes the slot's link (and with it the route); absent is fine. */
int net_drop(const struct conf *conf, unsigned slot);
/* True when the slot's host side exists. */
bool net_exists(const struct conf *conf, unsigned slot);

#endif
