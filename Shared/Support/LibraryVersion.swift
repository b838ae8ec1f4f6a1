/// The version of this library, which its checkpoints name.
package let libraryVersion = "0.1.0"
