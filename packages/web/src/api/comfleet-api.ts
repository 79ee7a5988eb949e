// Before everything else: see there.
import '../zod-without-eval.ts';

import { Comfleet, ComfleetError, type LiveState as SdkLiveState } from '@comfleet/sdk';
import { type Api, type ApiFactory, ApiFailure, type LiveListener, type LiveState } from './api.ts';

const IMAGE_TIMEOUT_MS = 0;

/** The page's API over the SDK; every refusal arrives as an `ApiFailure`. */
export function createApiFactory(url: string): ApiFactory {
  const anonymous = new Comfleet({ url });
  return {
    signIn: {
      exchangeCode: (code) =>
        translated(anonymous.auth.exchange(code), (failure) =>
          failure.code === 'UNAUTHORIZED'
            ? new ApiFailure('SIGN_IN_CODE', failure.message, { cause: failure })
            : failure,
        ),
      issueToken: (clientId, clientSecret) =>
        translated(anonymous.auth.token(clientId, clientSecret, { browser: true })),
      signInUser: (name, password) => translated(anonymous.auth.signIn(name, password)),
    },
    open: (token) => openApi(new Comfleet({ url, token })),
  };
}

function openApi(comfleet: Comfleet): Api {
  return {
    loadWho: () => translated(comfleet.auth.me()),
    renew: async () => {
      await translated(comfleet.auth.renew());
    },
    signOut: async (from) => (await translated(comfleet.auth.signOut(from))).end_session_url,
    listWorkflows: () => translated(comfleet.workflows.list()),
    judgeWorkflow: (name, parameters) => translated(comfleet.workflows.validate(name, parameters)),
    listTasks: (filter) => translated(comfleet.tasks.list(filter)),
    loadTask: (taskId) => translated(comfleet.tasks.load(taskId)),
    explainTask: (taskId) => translated(comfleet.tasks.placement(taskId)),
    loadHealth: () => translated(comfleet.service.health()),
    submitTask: (body, idempotencyKey) => translated(comfleet.tasks.submit(body, { idempotencyKey })),
    submitBatch: (body, idempotencyKey) => translated(comfleet.batches.submit(body, { idempotencyKey })),
    cancelTask: (taskId) => translated(comfleet.tasks.cancel(taskId)),
    cancelBatch: async (batchId) => {
      await translated(comfleet.batches.cancel(batchId));
    },
    decideTask: (taskId, decision) => translated(comfleet.tasks.decide(taskId, decision)),
    retryTask: (taskId) => translated(comfleet.tasks.retry(taskId)),
    createUpload: (file) =>
      translated(comfleet.uploads.create(file, file.name, { timeoutMs: IMAGE_TIMEOUT_MS })),
    watchOwn: (listener) => watchOwn(comfleet, listener),
  };
}

function watchOwn(comfleet: Comfleet, listener: LiveListener): () => void {
  let last: LiveState = 'connecting';
  const connection = comfleet.connectLive({
    onFrame: (frame) => listener.frame(frame),
    onState: (state) => {
      last = toLiveState(state, last);
      listener.state(last);
    },
    onError: (error) => listener.refused(toApiFailure(error)),
  });
  connection.watchOwn();
  return () => connection.close();
}

/** A new try after a loss is still a loss to the person; only the very first one is "connecting". */
function toLiveState(state: SdkLiveState, last: LiveState): LiveState {
  switch (state) {
    case 'ready':
      return 'live';
    case 'connecting':
      return last;
    case 'waiting':
    case 'closed':
      return 'lost';
  }
}

async function translated<T>(call: Promise<T>, refine = (failure: ApiFailure) => failure): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw refine(toApiFailure(error));
  }
}

function toApiFailure(error: unknown): ApiFailure {
  if (error instanceof ComfleetError)
    return new ApiFailure(error.code, error.message, { details: error.details, cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new ApiFailure('UNREACHABLE', message, { cause: error });
}
