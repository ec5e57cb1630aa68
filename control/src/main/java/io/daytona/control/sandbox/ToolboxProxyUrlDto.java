package io.daytona.control.sandbox;

/**
 * Where the toolbox of a sandbox is reached.
 *
 * @param url base, to which clients append a slash and the sandbox id
 */
public record ToolboxProxyUrlDto(String url) {}
