/** Errors of the Toolbox API (toolbox protocol §11). */
@NullMarked
package io.daytona.toolbox.error;

import org.jspecify.annotations.NullMarked;
