package io.daytona.server.postgres;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the embedded PostgreSQL runs: low latency of small commits, little memory, nothing lost.
 *
 * <p>They are given on the command line, so that a new release brings its own.
 */
final class PostgresSettings {
  private PostgresSettings() {}

  /**
   * The settings as arguments.
   *
   * @param socketDirectory where the socket goes; there is no other way in
   */
  static List<String> arguments(String socketDirectory) {
    Map<String, String> settings = access(socketDirectory);
    settings.put("max_connections", "60");

    // A commit that was answered survives a power cut.
    settings.put("fsync", "on");
    settings.put("synchronous_commit", "on");
    settings.put("full_page_writes", "on");
    // Checkpoints are rare, so that few commits pay for whole pages; recovery still reads at most
    // this much log, well under a second.
    settings.put("checkpoint_timeout", "15min");
    settings.put("min_wal_size", "64MB");
    settings.put("max_wal_size", "256MB");
    settings.put("wal_buffers", "1MB");
    settings.put("wal_compression", "pglz");

    // The rows of a host fit in this; the page cache holds the rest.
    settings.put("shared_buffers", "32MB");
    settings.put("work_mem", "2MB");
    settings.put("maintenance_work_mem", "16MB");
    settings.put("effective_cache_size", "256MB");
    settings.put("huge_pages", "off");
    // Statements take well under a millisecond: parallel workers, the compiler and I/O workers
    // would cost memory and win nothing.
    settings.put("max_worker_processes", "1");
    settings.put("max_parallel_workers", "0");
    settings.put("max_parallel_workers_per_gather", "0");
    settings.put("max_parallel_maintenance_workers", "0");
    settings.put("max_logical_replication_workers", "0");
    settings.put("jit", "off");
    settings.put("io_method", "sync");
    settings.put("random_page_cost", "1.1");
    settings.put("autovacuum_max_workers", "1");
    settings.put("autovacuum_worker_slots", "1");
    settings.put("autovacuum_vacuum_scale_factor", "0.05");
    settings.put("bgwriter_delay", "2s");

    // A client that was killed in a transaction must not hold its locks for long.
    settings.put("idle_in_transaction_session_timeout", "60s");
    settings.put("client_connection_check_interval", "5s");
    settings.put("log_checkpoints", "off");
    settings.put("log_line_prefix", "%m [%p] ");
    settings.put("log_timezone", "UTC");
    settings.put("timezone", "UTC");
    settings.put("cluster_name", "daytona");
    return arguments(settings);
  }

  /**
   * The settings with which any release runs, for as long as its rows are read.
   *
   * @param socketDirectory where the socket goes; there is no other way in
   */
  static List<String> ofAnyRelease(String socketDirectory) {
    return arguments(access(socketDirectory));
  }

  private static Map<String, String> access(String socketDirectory) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("listen_addresses", "");
    settings.put("unix_socket_directories", socketDirectory);
    settings.put("unix_socket_permissions", "0700");
    return settings;
  }

  private static List<String> arguments(Map<String, String> settings) {
    List<String> arguments = new ArrayList<>();
    settings.forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
    return arguments;
  }
}
