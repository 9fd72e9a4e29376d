/*-------------------------------------------------------------------------
 * ownership.c
 *	  Hands the extension's functions to the owner of the tables.
 *
 * Functions that write the tables for others are SECURITY DEFINER.  Created by
 * CREATE EXTENSION they belong to a superuser, and so would run as one, with
 * every right in the cluster.  The role that owns the tables has all the rights
 * they need; a dump does not keep the owner of an extension's member, so
 * osm.upgrade() does this again after a restore.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "commands/alter.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "osm_workflow.h"

PG_FUNCTION_INFO_V1(osm_own_functions);

/* member_functions lists the OIDs of the extension's functions. */
static List *
member_functions(Oid extension_id)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *functions = NIL;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension_id));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(tuple);

		if (row->classid == ProcedureRelationId && row->deptype == DEPENDENCY_EXTENSION)
			functions = lappend_oid(functions, row->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return functions;
}

/*
 * osm.own_functions(): gives every function of the extension to the owner of
 * osm.incident; returns how many changed hands.  Errors: 42501 for anyone else.
 */
Datum
osm_own_functions(PG_FUNCTION_ARGS)
{
	Oid			relid = osm_relation("incident", false);
	Oid			owner;
	HeapTuple	tuple;
	List	   *functions;
	ListCell   *cell;
	Relation	procedures;
	Oid			save_userid;
	int			save_sec_context;
	int32		changed = 0;

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of the tables of osm_workflow")));

	functions = member_functions(get_extension_oid("osm_workflow", false));
	procedures = table_open(ProcedureRelationId, RowExclusiveLock);
	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, save_sec_context | SECURITY_LOCAL_USERID_CHANGE);
	foreach(cell, functions)
	{
		Oid			function_id = lfirst_oid(cell);
		Oid			function_owner;

		tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for function %u", function_id);
		function_owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
		ReleaseSysCache(tuple);
		if (function_owner == owner)
			continue;
#if PG_VERSION_NUM >= 170000
		AlterObjectOwner_internal(ProcedureRelationId, function_id, owner);
#else
		AlterObjectOwner_internal(procedures, function_id, owner);
#endif
		changed++;
	}
	SetUserIdAndSecContext(save_userid, save_sec_context);
	table_close(procedures, RowExclusiveLock);
	PG_RETURN_INT32(changed);
}
