/**
 * @module What is wrong with a template of the managed default deny.
 */

/** A template that can't be used. Every problem says file, line, and what to do. */
export class TemplateError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "TemplateError";
    this.problems = problems;
  }
}
