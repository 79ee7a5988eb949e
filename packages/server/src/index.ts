export { openSqlite } from './platform/database/sqlite-engine.ts';
