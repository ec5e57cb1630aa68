package io.daytona.control.sandbox;

/**
 * How full the way to the host is.
 *
 * @param running creates and starts at the host
 * @param places most of them at once
 * @param waiting creates and starts that wait for their turn
 * @param queue most of them
 */
public record AdmissionLevel(int running, int places, int waiting, int queue) {}
