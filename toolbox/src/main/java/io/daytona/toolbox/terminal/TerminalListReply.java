package io.daytona.toolbox.terminal;

import java.util.List;

/**
 * The terminals of a sandbox.
 *
 * @param sessions those that have not ended, in the order in which they were started
 */
public record TerminalListReply(List<TerminalReply> sessions) {}
