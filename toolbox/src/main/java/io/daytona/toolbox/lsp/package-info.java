/** Language servers inside a sandbox (toolbox protocol §8). */
@NullMarked
package io.daytona.toolbox.lsp;

import org.jspecify.annotations.NullMarked;
