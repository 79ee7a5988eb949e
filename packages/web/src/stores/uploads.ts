import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';
import { type Api, type ApiFailure, toFailure } from '../api/api.ts';
import type { ChosenImage } from '../model/draft-values.ts';

/** The upload of one image field. */
export type UploadState =
  | { kind: 'sending'; name: string; previewUrl: string }
  | { kind: 'failed'; name: string; previewUrl: string; file: File; failure: ApiFailure };

/** Pictures on their way to the server, by image field. */
export const useUploads = defineStore('uploads', () => {
  const states = shallowReactive(new Map<string, UploadState>());

  /** Sends a picture; null when it failed (the state says why) or when another one took its place. */
  async function send(api: Api, field: string, file: File): Promise<ChosenImage | null> {
    drop(field);
    const sending: UploadState = { kind: 'sending', name: file.name, previewUrl: URL.createObjectURL(file) };
    states.set(field, sending);
    try {
      const upload = await api.createUpload(file);
      if (states.get(field) !== sending) return null;
      // The local picture stays on screen: it needs no signed link that could run out.
      states.delete(field);
      return {
        uploadId: upload.upload_id,
        name: upload.name,
        url: sending.previewUrl,
        remoteUrl: upload.url,
      };
    } catch (error) {
      if (states.get(field) === sending) {
        states.set(field, { ...sending, kind: 'failed', file, failure: toFailure(error) });
      }
      return null;
    }
  }

  /** Forgets a field's upload. */
  function drop(field: string): void {
    const state = states.get(field);
    if (state !== undefined) URL.revokeObjectURL(state.previewUrl);
    states.delete(field);
  }

  return { states, send, drop };
});
