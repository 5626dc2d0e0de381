import Diagnostics
import NIOHTTP1
import OCI
import Registry
import Storage

/// The distribution specification's API over the store.
struct RegistryAPI: Sendable {
    let content: ContentStore
    let layers: Layers
    let repositories: Repositories
    let arrivals: Arrivals
    let uploads: UploadSessions
    let authenticator: Authenticator
    /// Whether nothing may be pushed or deleted.
    let isReadOnly: Bool
    let log: AccessLog

    /// Answers a request, with an error where something goes wrong.
    func respond(to request: Request, _ body: RequestBody) async -> Response {
        var response: Response
        do {
            response = try await answer(request, body)
        } catch let refusal as Refusal {
            response = refusal.response
        } catch let problem as Problem {
            log.note("\(request.method.rawValue) \(request.path): \(problem)")
            response = Refusal(problem).response
        } catch is RequestBody.BrokenConnection {
            response = Response(.badRequest)  // which nobody gets
        } catch {
            log.note("\(request.method.rawValue) \(request.path): \(error)")
            response = Refusal(.internalServerError, .unknown, "\(error)").response
        }
        response.headers.add(name: "Docker-Distribution-Api-Version", value: "registry/2.0")
        return response
    }

    private func answer(_ request: Request, _ body: RequestBody) async throws -> Response {
        let found = Route(path: request.path)
        let access = try await authenticator.check(request, for: found)
        guard let route = found else {
            throw Refusal(.notFound, .unsupported, "nothing is at \(request.path)")
        }
        guard route.methods.contains(request.method) else {
            throw Refusal(
                .methodNotAllowed, .unsupported,
                "\(request.method.rawValue) does nothing at \(request.path)",
                ["Allow": route.methods.map(\.rawValue).joined(separator: ", ")])
        }
        if isReadOnly, ![.GET, .HEAD].contains(request.method) {
            throw Refusal(.methodNotAllowed, .unsupported, "this registry is for reading alone")
        }
        return switch route {
        case .root: Response(.ok, json: [:])
        case .catalog: try await catalog(request)
        case .blob(let name, let text):
            try await blob(try repository(name, request, access), try digest(text), request)
        case .manifest(let name, let reference):
            try await manifest(try repository(name, request, access), reference, request, body)
        case .tags(let name): try await tags(try repository(name, request, access), request)
        case .referrers(let name, let text):
            try await referrers(
                try repository(name, request, access), of: try digest(text), request)
        case .uploads(let name):
            try await beginUpload(into: try repository(name, request, access), request, body)
        case .upload(let name, let upload):
            try await goOn(with: upload, into: try repository(name, request, access), request, body)
        }
    }

    private func repository(
        _ name: String, _ request: Request, _ access: Access
    ) throws(Refusal) -> Repository {
        Repository(
            name: name, access: access, own: try repositories.names.own(name),
            places: try repositories.names.places(name, namespace: request.query["ns"]))
    }

    /// A digest that a client names.
    func digest(_ text: String) throws(Refusal) -> Digest {
        do {
            return try Digest(parsing: text)
        } catch {
            throw Refusal(.badRequest, .digestInvalid, "\(text): \(error.why)")
        }
    }

    /// What is in a repository.
    func contents(of repository: Repository) async throws -> RepositoryContents {
        let repositories = repositories
        return try await blocking { try repositories.contents(of: repository.places) }
    }
}

/// A repository that a request is about.
struct Repository: Sendable {
    /// On the wire.
    var name: String
    /// What the client may do, here and elsewhere.
    var access: Access
    /// Where what is pushed goes.
    var own: ImageReference
    /// What it shows of the store.
    var places: [ImageReference]
}
