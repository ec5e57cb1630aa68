package io.daytona.toolbox.file;

/**
 * A file that was written.
 *
 * @param name base name
 * @param path path as asked for
 * @param type {@code file}
 */
public record UploadedFile(String name, String path, String type) {}
