package io.daytona.control.sandbox;

import java.util.List;

/**
 * One numbered page of the older list.
 *
 * @param items the sandboxes
 * @param total how many there are on all pages
 * @param page number of this page, from 1
 * @param totalPages how many pages there are
 */
public record SandboxPage(List<SandboxDto> items, long total, int page, int totalPages) {}
