package io.daytona.runner.sandbox;

/**
 * Who a sandbox's programs run as.
 *
 * @param user user name inside
 * @param home home directory
 * @param workdir directory that relative paths start from
 */
record Identity(String user, String home, String workdir) {}
