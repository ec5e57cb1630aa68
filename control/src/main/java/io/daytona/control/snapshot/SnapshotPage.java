package io.daytona.control.snapshot;

import java.util.List;

/**
 * One page of snapshots.
 *
 * @param items the snapshots
 * @param total how many there are on all pages
 * @param page number of this page, from 1
 * @param totalPages how many pages there are
 */
public record SnapshotPage(List<SnapshotDto> items, long total, int page, int totalPages) {}
