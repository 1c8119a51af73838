import { type AskText, packRequest, type TextReply } from '#release/probe/text.ts';
import { HttpProblem } from './problem.ts';

/** Time that a text may take, ms: a model that has to be opened first takes about one second. */
const PATIENCE = 15_000;

/** Texts answered by another Worker, behind a service binding. */
export const askService =
  (service: { fetch(request: Request): Promise<Response> }): AskText =>
  async (request) => {
    const tooSlow = () =>
      new HttpProblem(429, 'the text took too long', { next: 'send a shorter text', headers: { 'retry-after': '5' } });
    const signal = AbortSignal.timeout(PATIENCE);
    const asked = new Request('https://text.invalid/', { method: 'POST', body: packRequest(request), signal });
    const response = await service.fetch(asked).catch((error: unknown) => {
      throw signal.aborted ? tooSlow() : error;
    });
    if (!response.ok) throw new Error(`the text probe answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as TextReply;
  };
