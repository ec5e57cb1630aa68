package io.daytona.toolbox.file;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Files of a sandbox (toolbox protocol §6). */
public final class FileEndpoints {
  private static final int DEFAULT_FOLDER_MODE = 0755;

  private final SandboxCalls calls;

  /**
   * @param calls finds sandboxes
   */
  public FileEndpoints(SandboxCalls calls) {
    this.calls = calls;
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    UploadHandler upload = new UploadHandler(calls);
    return List.of(
        list("/files", "ListFiles"),
        list("/files/", "ListFilesSlash"),
        Endpoint.get(
            "/files/info",
            "GetFileInfo",
            "Describes a file or directory.",
            Access.MEMBER,
            FileInfo.class,
            this::info),
        new Endpoint<>(
            Method.POST,
            "/files/folder",
            "CreateFolder",
            "Makes a directory and its missing parents.",
            Access.MEMBER,
            Void.class,
            Void.class,
            201,
            this::makeFolder),
        new Endpoint<>(
            Method.DELETE,
            "/files",
            "DeleteFile",
            "Deletes a file, or with recursive=true a directory.",
            Access.MEMBER,
            Void.class,
            Void.class,
            204,
            this::delete),
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

  private Endpoint<Void, FileInfo[]> list(String path, String operation) {
    return Endpoint.get(
        path,
        operation,
        "Lists a directory, down to a depth.",
        Access.MEMBER,
        FileInfo[].class,
        this::list);
  }

  private FileInfo[] list(Call<Void> call) throws InterruptedException {
    String path = call.query("path").filter(text -> !text.isEmpty()).orElse(".");
    int depth = call.query("depth").map(FileEndpoints::depth).orElse(1);
    SandboxFile directory = SandboxFile.of(calls.sandbox(call), path);
    try {
      return FileTree.list(directory, depth).toArray(FileInfo[]::new);
    } catch (AgentException e) {
      throw FileFault.of(e, path);
    }
  }

  private FileInfo info(Call<Void> call) {
    SandboxFile file = SandboxFile.required(calls, call);
    try {
      return FileInfo.of(
          SandboxPaths.baseName(file.asked()),
          SandboxPaths.clean(file.absolute()),
          file.agent().stat(file.absolute(), true));
    } catch (AgentException e) {
      throw FileFault.of(e, file.asked());
    }
  }

  private @Nullable Void makeFolder(Call<Void> call) {
    int mode =
        call.query("mode")
            .filter(text -> !text.isEmpty())
            .map(FileEndpoints::mode)
            .orElse(DEFAULT_FOLDER_MODE);
    SandboxFile folder = SandboxFile.required(calls, call);
    try {
      folder.agent().mkdir(folder.absolute(), mode, true);
      return null;
    } catch (AgentException e) {
      throw FileFault.of(e, folder.asked());
    }
  }

  private @Nullable Void delete(Call<Void> call) {
    SandboxFile file = SandboxFile.required(calls, call);
    boolean recursive = call.query("recursive").filter("true"::equals).isPresent();
    try {
      if (file.agent().stat(file.absolute(), false).isDirectory() && !recursive) {
        throw ToolboxError.badRequest(
            "cannot delete the directory " + file.asked() + " without recursive=true");
      }
      file.agent().remove(file.absolute(), recursive);
      return null;
    } catch (AgentException e) {
      throw FileFault.of(e, file.asked());
    }
  }

  private static int depth(String text) {
    if (text.matches("\\d{1,9}") && Integer.parseInt(text) >= 1) {
      return Integer.parseInt(text);
    }
    throw ToolboxError.badRequest("depth must be an integer of at least 1");
  }

  private static int mode(String text) {
    if (text.matches("[0-7]{1,10}")) {
      return (int) (Long.parseLong(text, 8) & 0777);
    }
    throw DaytonaException.badRequest("invalid mode format");
  }
}
