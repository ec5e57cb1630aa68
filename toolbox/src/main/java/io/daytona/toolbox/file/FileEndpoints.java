package io.daytona.toolbox.file;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.fsutil.FileTool;
import io.daytona.wire.admission.Bulkhead;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Files of a sandbox (toolbox protocol §6). */
public final class FileEndpoints {
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private final SandboxCalls calls;
  private final FileQueries queries;
  private final FileChanges changes;
  private static final Duration LISTING_PATIENCE = Duration.ofSeconds(10);

  private final FileTool tool = new FileTool(FileTool.PROGRAM);

  /**
   * @param calls finds sandboxes
   * @param listings memory of listings, of {@link #listings}
   */
  public FileEndpoints(SandboxCalls calls, Bulkhead listings) {
    this.calls = calls;
    this.queries = new FileQueries(calls, tool, listings);
    this.changes = new FileChanges(calls);
  }

  /**
   * Memory that the listings of all organizations share.
   *
   * @param percent of it that one organization may have
   */
  public static Bulkhead listings(int percent) {
    return ListingRoom.ofHeap(percent, LISTING_PATIENCE);
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    List<Endpoint<?, ?>> rows = new ArrayList<>();
    rows.addAll(entries());
    rows.addAll(contents());
    rows.addAll(trees());
    return rows;
  }

  private List<Endpoint<?, ?>> entries() {
    return List.of(
        list("/files", "ListFiles"),
        list("/files/", "ListFilesSlash"),
        Endpoint.get(
            "/files/info",
            "GetFileInfo",
            "Describes a file or directory.",
            Access.MEMBER,
            FileInfo.class,
            queries::info),
        new Endpoint<>(
            Method.POST,
            "/files/folder",
            "CreateFolder",
            "Makes a directory and its missing parents.",
            Access.MEMBER,
            Void.class,
            Void.class,
            201,
            changes::makeFolder),
        new Endpoint<>(
            Method.DELETE,
            "/files",
            "DeleteFile",
            "Deletes a file, or with recursive=true a directory.",
            Access.MEMBER,
            Void.class,
            Void.class,
            204,
            changes::delete),
        new Endpoint<>(
            Method.POST,
            "/files/move",
            "MoveFile",
            "Moves or renames a file or directory; what is at the destination stays.",
            Access.MEMBER,
            Void.class,
            RawReply.class,
            200,
            changes::move),
        new Endpoint<>(
            Method.POST,
            "/files/permissions",
            "SetFilePermissions",
            "Changes mode, owner and group.",
            Access.MEMBER,
            Void.class,
            Void.class,
            200,
            changes::setPermissions));
  }

  private List<Endpoint<?, ?>> contents() {
    UploadHandler upload = new UploadHandler(calls);
    return List.of(
        Endpoint.post(
            "/files/upload",
            "UploadFileOld",
            "Writes one file, as old clients send it.",
            Access.MEMBER,
            InputStream.class,
            Void.class,
            200,
            upload::handleOld),
        Endpoint.post(
            "/files/upload-v2",
            "UploadFile",
            "Writes one file sent as a form field or as the body.",
            Access.MEMBER,
            InputStream.class,
            UploadedFile.class,
            200,
            upload::handle),
        Endpoint.post(
            "/files/bulk-upload",
            "UploadFiles",
            "Writes several files.",
            Access.MEMBER,
            InputStream.class,
            RawReply.class,
            200,
            new BulkUploadHandler(calls)::handle),
        Endpoint.get(
            "/files/download",
            "DownloadFile",
            "Reads a file, whole or in part.",
            Access.MEMBER,
            RawReply.class,
            new DownloadHandler(calls)::handle),
        Endpoint.post(
            "/files/bulk-download",
            "DownloadFiles",
            "Reads several files as parts of one reply.",
            Access.MEMBER,
            BulkDownloadRequest.class,
            RawReply.class,
            200,
            new BulkDownloadHandler(calls)::handle));
  }

  private List<Endpoint<?, ?>> trees() {
    SearchHandler search = new SearchHandler(calls, tool);
    return List.of(
        Endpoint.get(
            "/files/find",
            "FindInFiles",
            "Finds the lines that hold a text, in a file or below a directory.",
            Access.MEMBER,
            RawReply.class,
            search::find),
        Endpoint.get(
            "/files/search",
            "SearchFiles",
            "Finds the files and directories whose names match a pattern.",
            Access.MEMBER,
            RawReply.class,
            search::search),
        Endpoint.post(
            "/files/replace",
            "ReplaceInFiles",
            "Replaces a text in files.",
            Access.MEMBER,
            ReplaceRequest.class,
            ReplaceResult[].class,
            200,
            new ReplaceHandler(calls)::handle),
        Endpoint.get(
            "/files/watch",
            "WatchFiles",
            "Tells of changes below a directory as server-sent events.",
            Access.MEMBER,
            RawReply.class,
            new WatchHandler(calls, tool, HEARTBEAT)::handle));
  }

  private Endpoint<Void, RawReply> list(String path, String operation) {
    return Endpoint.get(
        path,
        operation,
        "Lists a directory, down to a depth.",
        Access.MEMBER,
        RawReply.class,
        queries::list);
  }
}
