import {
  type Member,
  type MemberChange,
  memberListSchema,
  memberSchema,
  type NewProject,
  type Project,
  type ProjectChange,
  projectListSchema,
  projectSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

const PROJECTS = '/api/projects';

/** Projects and their members. A project is an id; one that the caller may not see looks unknown: PROJECT_NOT_FOUND. */
export class ProjectCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** The caller's projects, newest first; with `all` everyone's, which needs tasks.see_all. */
  async list({ all, ...options }: CallOptions & { readonly all?: true } = {}): Promise<Project[]> {
    const request = { ...options, method: 'GET', path: PROJECTS, query: { all } } as const;
    return (await this.#transport.json(request, projectListSchema)).projects;
  }

  /** Creates a project that the caller owns. */
  async create(project: NewProject, options: CallOptions = {}): Promise<Project> {
    const request = { ...options, method: 'POST', path: PROJECTS, body: writeJson(project) } as const;
    return await this.#transport.json(request, projectSchema);
  }

  async load(projectId: string, options: CallOptions = {}): Promise<Project> {
    const request = { ...options, method: 'GET', path: pathOf(projectId) } as const;
    return await this.#transport.json(request, projectSchema);
  }

  /** Changes the name or the description. For its owner and admins, as are the members' changes below. */
  async change(projectId: string, change: ProjectChange, options: CallOptions = {}): Promise<Project> {
    const body = writeJson(change);
    const request = { ...options, method: 'PATCH', path: pathOf(projectId), body, repeatable: true } as const;
    return await this.#transport.json(request, projectSchema);
  }

  /** Deletes a project; its tasks and files remain with those who own them. */
  async remove(projectId: string, options: CallOptions = {}): Promise<void> {
    await this.#remove(pathOf(projectId), options);
  }

  /** The members, the owner first. */
  async members(projectId: string, options: CallOptions = {}): Promise<Member[]> {
    const request = { ...options, method: 'GET', path: `${pathOf(projectId)}/members` } as const;
    return (await this.#transport.json(request, memberListSchema)).members;
  }

  /** Makes a user (by name or id) or a client (by id) a member, or changes the role of one. */
  async setMember(projectId: string, member: MemberChange, options: CallOptions = {}): Promise<Member> {
    const path = `${pathOf(projectId)}/members`;
    const request = { ...options, method: 'PUT', path, body: writeJson(member), repeatable: true } as const;
    return await this.#transport.json(request, memberSchema);
  }

  /** Ends a membership, by the id of the member; members may end their own. */
  async removeMember(projectId: string, memberId: string, options: CallOptions = {}): Promise<void> {
    await this.#remove(`${pathOf(projectId)}/members/${encodeURIComponent(memberId)}`, options);
  }

  async #remove(path: string, options: CallOptions): Promise<void> {
    const request = { ...options, method: 'DELETE', path, repeatable: true } as const;
    await this.#transport.send(request, async () => undefined);
  }
}

function pathOf(projectId: string): string {
  return `${PROJECTS}/${encodeURIComponent(projectId)}`;
}
