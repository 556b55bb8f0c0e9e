/**
 * @module `ringfence exception ...`: asking for exceptions, approving them, and looking after them.
 */
import type { CommandGroup } from "./command.ts";
import { approveCommand } from "./exception-approve.ts";
import { keygenCommand } from "./exception-keygen.ts";
import { listCommand } from "./exception-list.ts";
import { requestCommand } from "./exception-request.ts";
import { revokeCommand } from "./exception-revoke.ts";
import { verifyCommand } from "./exception-verify.ts";

/** All commands for exceptions. */
export const exceptionCommands: CommandGroup = {
  name: "exception",
  summary: "Ask for exceptions that end, approve them, and look after them.",
  commands: [requestCommand, approveCommand, verifyCommand, listCommand, revokeCommand, keygenCommand],
};
