/** Files of a sandbox (toolbox protocol §6). */
@NullMarked
package io.daytona.toolbox.file;

import org.jspecify.annotations.NullMarked;
