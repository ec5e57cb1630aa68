package io.daytona.toolbox.computeruse;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import java.util.ArrayList;
import java.util.List;

/**
 * Mouse, keyboard, screen and the desktop's processes. No sandbox has a desktop yet, so every one
 * of them says so; recordings answer for themselves (toolbox protocol §10.1).
 */
public final class ComputerUseEndpoints {
  private record Row(Method method, String path, String operation, String summary) {}

  private static final List<Row> ROWS =
      List.of(
          get("/a11y/tree", "GetAccessibilityTree", "Gets the tree of accessible nodes."),
          post("/a11y/find", "FindAccessibilityNodes", "Finds accessible nodes."),
          post("/a11y/node/focus", "FocusAccessibilityNode", "Focuses an accessible node."),
          post("/a11y/node/invoke", "InvokeAccessibilityNode", "Invokes an accessible node."),
          post("/a11y/node/value", "SetAccessibilityNodeValue", "Sets an accessible node's value."),
          get("/display/info", "GetDisplayInfo", "Describes the displays."),
          get("/display/windows", "GetWindows", "Lists the windows."),
          post("/keyboard/hotkey", "PressHotkey", "Presses keys together."),
          post("/keyboard/key", "PressKey", "Presses a key."),
          post("/keyboard/type", "TypeText", "Types text."),
          post("/mouse/click", "Click", "Clicks."),
          post("/mouse/drag", "Drag", "Drags."),
          post("/mouse/move", "MoveMouse", "Moves the pointer."),
          get("/mouse/position", "GetMousePosition", "Gets the pointer's position."),
          post("/mouse/scroll", "Scroll", "Scrolls."),
          get("/process-status", "GetComputerUseStatus", "Tells whether the desktop runs."),
          get("/process/{processName}/errors", "GetProcessErrors", "Gets a process's errors."),
          get("/process/{processName}/logs", "GetProcessLogs", "Gets a process's output."),
          post("/process/{processName}/restart", "RestartProcess", "Restarts a process."),
          get("/process/{processName}/status", "GetProcessStatus", "Tells whether one runs."),
          get("/screenshot", "TakeScreenshot", "Takes a picture of the screen."),
          get("/screenshot/compressed", "TakeCompressedScreenshot", "Takes a smaller picture."),
          get("/screenshot/region", "TakeRegionScreenshot", "Takes a picture of a region."),
          get(
              "/screenshot/region/compressed",
              "TakeCompressedRegionScreenshot",
              "Takes a smaller picture of a region."),
          post("/start", "StartComputerUse", "Starts the desktop."),
          get("/status", "GetComputerUseSystemStatus", "Tells whether the desktop runs."),
          post("/stop", "StopComputerUse", "Stops the desktop."));

  private final SandboxCalls calls;

  /**
   * @param calls finds sandboxes
   */
  public ComputerUseEndpoints(SandboxCalls calls) {
    this.calls = calls;
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    List<Endpoint<?, ?>> all = new ArrayList<>();
    for (Row row : ROWS) {
      all.add(
          new Endpoint<>(
              row.method,
              "/computeruse" + row.path,
              row.operation,
              row.summary,
              Access.MEMBER,
              Void.class,
              RawReply.class,
              200,
              this::unavailable));
    }
    all.addAll(new RecordingEndpoints(calls).all());
    return all;
  }

  private RawReply unavailable(Call<Void> call) {
    calls.sandbox(call); // one that does not run has an answer of its own
    return NoDesktop.reply(call, call.uri().contains("/computeruse/a11y/"));
  }

  private static Row get(String path, String operation, String summary) {
    return new Row(Method.GET, path, operation, summary);
  }

  private static Row post(String path, String operation, String summary) {
    return new Row(Method.POST, path, operation, summary);
  }
}
